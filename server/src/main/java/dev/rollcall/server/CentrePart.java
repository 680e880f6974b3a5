package dev.rollcall.server;

import com.linecorp.armeria.server.ServerBuilder;
import java.net.InetSocketAddress;

/**
 * Something that the centre serves, on paths of its own, or that stands before all others. The
 * methods are called in their order, on the thread that starts or closes the centre.
 *
 * @since 0.1.0
 */
public interface CentrePart extends AutoCloseable {

  /**
   * Adds services and decorators to the server that is being built. A decorator stands before the
   * parts that were added to the centre earlier and later alike.
   *
   * @param server the server, not yet built
   */
  void addTo(ServerBuilder server);

  /**
   * The server has its port and takes requests from now on.
   *
   * @param address where it listens
   */
  default void started(InetSocketAddress address) {}

  /**
   * Tells whether this part can serve, for {@code /health/ready}. Returns at once.
   *
   * @return true, unless it waits for something
   */
  default boolean isReady() {
    return true;
  }

  /** Frees what the part holds; the server takes no requests any more. */
  @Override
  default void close() {}
}
