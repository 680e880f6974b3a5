package dev.rollcall.spring;

import dev.rollcall.RegistryException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says what to do where an application does not start because of a setting or its store. */
final class RegistryFailureAnalyzer extends AbstractFailureAnalyzer<RegistryException> {

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, RegistryException cause) {
    String action =
        switch (cause.kind()) {
          case INVALID -> "Change the setting, or the class path, as the description says.";
          case DENIED ->
              "Give this application what the store asks for, as a token in the URI's file.";
          case UNAVAILABLE ->
              "Start the store, or let the application start without it:"
                  + " spring.config.import=optional:rollcall:";
          case CONFLICT -> "Give this instance an id of its own: rollcall.registration.instance-id";
        };
    return new FailureAnalysis(String.valueOf(cause.getMessage()), action, cause);
  }
}
