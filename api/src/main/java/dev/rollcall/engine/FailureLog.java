package dev.rollcall.engine;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.BrokenClassPath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log that the class path stops something that is tried again all the same, so that it
 * is not so in silence: once, and again after it has worked. Thread-safe; a lost race says it
 * twice.
 */
final class FailureLog {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  private volatile boolean said;

  void failed(Object what, RegistryException failure) {
    if (!said && BrokenClassPath.isCauseOf(failure)) {
      said = true;
      LOG.error("{} cannot work: {}", what, failure.getMessage());
    }
  }

  void works() {
    if (said) {
      said = false;
    }
  }
}
