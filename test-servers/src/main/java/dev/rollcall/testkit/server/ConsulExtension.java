package dev.rollcall.testkit.server;

/**
 * Gives a JUnit class a Consul server: started before its first test, closed after its last, shared
 * by all between. A failing test shows the end of the server's log.
 *
 * <pre>{@code
 * @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();
 *
 * @Test
 * void connects() {
 *   connect(consul.endpoint());
 * }
 * }</pre>
 *
 * <p>A test that kills the server starts it again before it returns. Thread-safe.
 *
 * @since 0.1.0
 */
public final class ConsulExtension extends ServerExtension<ConsulServer> {
  private ConsulExtension(ConsulServerBuilder builder) {
    super(builder::launch);
  }

  /**
   * A Consul server of any version, in development mode.
   *
   * @return an extension for a static field
   */
  public static ConsulExtension create() {
    return of(ConsulServer.builder());
  }

  /**
   * A Consul server with further options.
   *
   * @param builder not to be changed afterwards
   * @return an extension for a static field
   */
  public static ConsulExtension of(ConsulServerBuilder builder) {
    return new ConsulExtension(builder);
  }
}
