package dev.rollcall.cli;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.cli.Signals.Signal;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An instance's stay in the registry for as long as a program runs, or until a signal comes. It
 * deregisters first and stops serving afterwards: a signal deregisters, and only then reaches the
 * program.
 *
 * <p>The command's thread runs {@link #register} and {@link #leave}, signals and changes of state
 * come on threads of others. {@code asked}, {@code registration} and {@code program} are guarded by
 * {@code this}; nothing is waited for under that lock.
 */
final class Stay {
  /** How long the end of this process may take where the store does not answer. */
  private static final Duration CONFIRMATION = Duration.ofSeconds(3);

  private final Registry registry;
  private final Consumer<String> say;
  private final CompletableFuture<Integer> end = new CompletableFuture<>();
  private @Nullable Signal asked;
  private @Nullable Registration registration;
  private @Nullable ChildProgram program;

  Stay(Registry registry, Consumer<String> say) {
    this.registry = registry;
    this.say = say;
  }

  /** Registers, stays, and returns the exit code. */
  int register(ServiceInstance instance, Liveness liveness, List<String> command)
      throws IOException {
    CompletableFuture<Registration> registering = registry.register(instance, liveness);
    registering.whenComplete(
        (done, failed) -> {
          if (failed != null) {
            end.completeExceptionally(failed);
          }
        });
    CompletableFuture.anyOf(registering, end).handle((any, failed) -> any).join();
    if (end.isDone()) {
      return Answer.of(end);
    }
    Registration active = Answer.of(registering);
    say.accept("registered " + active.instance());
    active.onState(state -> stateChanged(state, command.isEmpty()));
    synchronized (this) {
      registration = active;
      if (asked == null && !command.isEmpty()) {
        start(command);
      }
    }
    return Answer.of(end);
  }

  private synchronized void start(List<String> command) throws IOException {
    ChildProgram started;
    try {
      started = ChildProgram.start(command);
    } catch (IOException failed) {
      say.accept(Sentence.of(failed));
      end.complete(ChildProgram.CANNOT_BE_RUN);
      return;
    }
    program = started;
    started.ended().thenAccept(end::complete);
  }

  private void stateChanged(Registration.State state, boolean alone) {
    if (state == Registration.State.LOST) {
      say.accept("the store has lost the instance; it is being registered again");
    } else if (state == Registration.State.FENCED) {
      say.accept("another owner has taken the instance over; this one does nothing more");
      if (alone) {
        end.complete(1);
      }
    }
  }

  /** A signal has come. */
  void signalled(Signal signal) {
    boolean first;
    Registration leaving;
    synchronized (this) {
      first = asked == null;
      asked = signal;
      leaving = registration;
    }
    if (!first) {
      endAtOnce(signal);
      return;
    }
    if (leaving != null) {
      Answer.within(CONFIRMATION, leaving.deregister());
    }
    ChildProgram running;
    synchronized (this) {
      running = program;
    }
    if (running == null) {
      end.complete(signal.exitCode());
    } else if (signal == Signal.TERM || !Terminal.isThere()) {
      running.signal(signal);
    } // else the terminal has sent it to the program as well
  }

  private void endAtOnce(Signal signal) {
    ChildProgram running;
    synchronized (this) {
      running = program;
    }
    if (running == null) {
      Runtime.getRuntime().halt(signal.exitCode());
    } else {
      running.kill();
    }
  }

  /** Deregisters whatever is still registered. */
  void leave() {
    CompletableFuture<Void> closed =
        CompletableFuture.runAsync(
            registry::close,
            closing -> {
              Thread thread = new Thread(closing, "rollcall-leaving");
              thread.setDaemon(true);
              thread.start();
            });
    if (!Answer.within(CONFIRMATION, closed)) {
      say.accept("the store has not confirmed that the instance is gone; its lease will run out");
    }
  }
}
