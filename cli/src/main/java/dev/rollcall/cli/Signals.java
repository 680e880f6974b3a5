package dev.rollcall.cli;

import java.lang.reflect.Proxy;
import java.util.function.Consumer;

/**
 * Hears of the signals that ask a process to end. By reflection: the class is there on every JDK
 * (module {@code jdk.unsupported}), and using it by name is a compiler warning that cannot be
 * suppressed. A shutdown hook would not do: it is not told which signal has come.
 */
final class Signals {
  /** A signal that asks to end. */
  enum Signal {
    HUP(1),
    INT(2),
    TERM(15);

    private final int number;

    Signal(int number) {
      this.number = number;
    }

    /** Returns the exit code of a process that this signal ends. */
    int exitCode() {
      return 128 + number;
    }
  }

  private Signals() {}

  /** From now on calls a handler for each signal, on a thread of its own, instead of ending. */
  static void handle(Consumer<Signal> handler) {
    for (Signal signal : Signal.values()) {
      try {
        Class<?> type = Class.forName("sun.misc.Signal");
        Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
        Object proxy =
            Proxy.newProxyInstance(
                Signals.class.getClassLoader(),
                new Class<?>[] {handlerType},
                (self, method, args) ->
                    switch (method.getName()) {
                      case "handle" -> {
                        handler.accept(signal);
                        yield null;
                      }
                      case "equals" -> self == args[0];
                      case "hashCode" -> System.identityHashCode(self);
                      default -> "handler of SIG" + signal;
                    });
        type.getMethod("handle", type, handlerType)
            .invoke(null, type.getConstructor(String.class).newInstance(signal.name()), proxy);
      } catch (ReflectiveOperationException unsupported) {
        throw new IllegalStateException("SIG" + signal + " cannot be handled", unsupported);
      }
    }
  }
}
