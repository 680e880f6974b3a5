package dev.rollcall.testkit.server;

import java.nio.file.Path;

/**
 * A server that runs as a child process of the test or in a container, listens on loopback, and can
 * be made to fail in the ways that servers do.
 *
 * <p>It keeps its ports and its folder from its first start to {@link #close()}, so that it comes
 * back as the same server. It ends with the JVM at the latest, also without being closed, unless
 * the JVM itself is killed.
 *
 * <p>Its folder is in memory where the machine has 4 GiB free for that ({@code /dev/shm}), so that
 * a busy disk does not decide when a lease is found to have ended, and a temporary one elsewhere.
 *
 * <p>Thread-safe. {@link #start()}, {@link #stop()}, {@link #kill()}, {@link #pause()}, {@link
 * #resume()}, {@link #wipe()} and {@link #close()} block until their effect is there and run one at
 * a time; the rest return at once. A thread that is interrupted while it blocks gets a {@link
 * ServerException} and stays interrupted; the server is then running or stopped.
 *
 * @since 0.1.0
 */
public sealed interface TestServer extends AutoCloseable permits ChildServer {
  /**
   * Returns the name that the server has in its logs and its cluster.
   *
   * @return the product and the port
   */
  String name();

  /**
   * Returns the executable that runs.
   *
   * @return the executable
   */
  ServerBinary binary();

  /**
   * Returns the port for clients, on 127.0.0.1.
   *
   * @return the port, the same across restarts
   */
  int port();

  /**
   * Returns the address for clients.
   *
   * @return {@code http://127.0.0.1:port}
   */
  String endpoint();

  /**
   * Returns whether the process is there, paused or not.
   *
   * @return whether the process is there
   */
  boolean isRunning();

  /**
   * Returns the process's id.
   *
   * @return the process id
   * @throws IllegalStateException if the server is not running
   */
  long pid();

  /**
   * Starts the server on its ports, with the data that it left, and waits until it serves. Does
   * nothing where it runs already.
   *
   * <p>A member of a cluster serves only with a majority: where most members are down, start the
   * cluster as a whole.
   *
   * @throws IllegalStateException if the server is paused or closed
   * @throws ServerException if the server ends meanwhile or does not serve in time; it is then
   *     stopped, and the message holds the end of its log
   */
  void start();

  /**
   * Asks the server to end (SIGTERM) and waits for it; one that takes longer than 10 s is killed. A
   * paused server is resumed first. Does nothing where it does not run.
   */
  void stop();

  /** Kills the server (SIGKILL), paused or not. Does nothing where it does not run. */
  void kill();

  /**
   * Suspends the process (SIGSTOP): its connections stay open and nothing answers. Does nothing
   * where it is paused already.
   *
   * @throws IllegalStateException if the server is not running
   */
  void pause();

  /**
   * Lets a paused process go on (SIGCONT), without waiting until it serves again. Does nothing
   * where it is not paused.
   *
   * @throws IllegalStateException if the server is not running
   */
  void resume();

  /**
   * Deletes all data of the server; its ports stay the same.
   *
   * @throws IllegalStateException if the server is running
   */
  void wipe();

  /**
   * Returns where the server keeps its data, to be copied or replaced while it is stopped.
   *
   * @return a folder, which exists from the first start that wrote data until {@link #wipe()} or
   *     {@link #close()}
   */
  Path dataFolder();

  /**
   * Returns where the process writes its output, of all its starts in turn.
   *
   * @return a file that exists until {@link #close()}
   */
  Path logFile();

  /**
   * Returns the end of the log, for a message.
   *
   * @return at most 40 lines; empty where the server never started or is closed
   */
  String logTail();

  /**
   * Kills the server, deletes its folder and gives its ports back. Closing again does nothing; all
   * that would need the process fails from now on with {@link IllegalStateException}.
   */
  @Override
  void close();
}
