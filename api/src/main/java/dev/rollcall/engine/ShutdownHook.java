package dev.rollcall.engine;

/** Closes something at the end of the JVM, unless this is removed before. Thread-safe. */
final class ShutdownHook {
  private final Thread hook;

  private ShutdownHook(Thread hook) {
    this.hook = hook;
  }

  /**
   * Adds one.
   *
   * @throws IllegalStateException where the JVM is shutting down, and takes no hook any more
   */
  static ShutdownHook closing(Runnable close) {
    Thread hook = new Thread(close, "rollcall-shutdown");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      throw new IllegalStateException(
          "closeOnShutdown: the JVM is shutting down (expected: opened before)", shuttingDown);
    }
    return new ShutdownHook(hook);
  }

  /** A hook that is not removed would hold what it closes for the life of the JVM. */
  void remove() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // It runs, or has run, and finds that there is nothing to close.
    }
  }
}
