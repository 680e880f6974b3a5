package dev.rollcall.testkit.server;

/**
 * Gives a JUnit class an etcd server: started before its first test, closed after its last, shared
 * by all between. A failing test shows the end of the server's log.
 *
 * <pre>{@code
 * @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");
 *
 * @Test
 * void connects() {
 *   connect(etcd.endpoint());
 * }
 * }</pre>
 *
 * <p>A test that kills the server starts it again before it returns. Thread-safe.
 *
 * @since 0.1.0
 */
public final class EtcdExtension extends ServerExtension<EtcdServer> {
  private EtcdExtension(EtcdServerBuilder builder) {
    super(builder::launch);
  }

  /**
   * An etcd server with the defaults.
   *
   * @param versionLine major and minor version, such as {@code "3.5"}
   * @return an extension for a static field
   * @throws IllegalArgumentException if the version line is not of that form
   */
  public static EtcdExtension version(String versionLine) {
    return of(EtcdServer.builder(versionLine));
  }

  /**
   * An etcd server with further options.
   *
   * @param builder not to be changed afterwards
   * @return an extension for a static field
   */
  public static EtcdExtension of(EtcdServerBuilder builder) {
    return new EtcdExtension(builder);
  }
}
