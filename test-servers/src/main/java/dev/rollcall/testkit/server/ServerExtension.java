package dev.rollcall.testkit.server;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Ties a server to a test class. Nested classes share the server of the class around them: JUnit
 * calls back for each, and the outermost starts and closes.
 *
 * <p>Callbacks of one class come from one thread at a time, tests may ask from others: {@code
 * server} is volatile for them, {@code depth} is guarded by this object.
 */
abstract sealed class ServerExtension<S extends TestServer>
    implements BeforeAllCallback, AfterAllCallback, TestExecutionExceptionHandler
    permits EtcdExtension, ConsulExtension {
  private final Supplier<S> launch;
  private volatile @Nullable S server;
  private int depth;

  ServerExtension(Supplier<S> launch) {
    this.launch = launch;
  }

  /**
   * Returns the server.
   *
   * @return the server, started before the first test of the class
   * @throws IllegalStateException outside the tests of the class, or where the field is not static
   */
  public final S server() {
    S current = server;
    if (current == null) {
      throw new IllegalStateException(
          "server: none (expected: a static @RegisterExtension field, within its class's tests)");
    }
    return current;
  }

  /**
   * Returns the server's address for clients.
   *
   * @return {@code http://127.0.0.1:port}
   */
  public final String endpoint() {
    return server().endpoint();
  }

  /**
   * Returns the server's port for clients.
   *
   * @return the port, on 127.0.0.1
   */
  public final int port() {
    return server().port();
  }

  @Override
  public final synchronized void beforeAll(ExtensionContext context) {
    if (server == null) {
      server = launch.get();
    }
    depth++;
  }

  @Override
  public final synchronized void afterAll(ExtensionContext context) {
    depth--;
    S current = server;
    if (depth == 0 && current != null) {
      server = null;
      current.close();
    }
  }

  @Override
  public final void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    S current = server;
    if (current != null) {
      failure.addSuppressed(
          new ServerException(current + ", at the end of its log:\n" + current.logTail()));
    }
    throw failure;
  }
}
