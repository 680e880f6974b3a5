package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.util.List;

/** One run of a server, from its start to its end. Thread-safe. */
interface ServerProcess {
  boolean isAlive();

  long pid();

  /** Of a process that has ended. */
  int exitCode();

  /** Asks it to end, and kills it where it takes longer than 10 s. */
  void terminate();

  /** Kills it, suspended or not, and waits for its end. */
  void kill();

  /** Returns once it is suspended. */
  void suspend();

  void resume();

  /** Starts what was found, each time anew. */
  @FunctionalInterface
  interface Launcher {
    /**
     * Starts a process whose output is appended to a log.
     *
     * @param arguments without the executable
     * @param folder where it works and may write
     * @throws ServerException if it cannot be started
     */
    ServerProcess start(List<String> arguments, Path folder, Path log);
  }
}
