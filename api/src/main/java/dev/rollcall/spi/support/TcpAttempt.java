package dev.rollcall.spi.support;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens one TCP connection, to the first of a host's addresses that accepts it. */
final class TcpAttempt extends CheckAttempt {
  private static final Logger LOG = LoggerFactory.getLogger(HealthChecker.class);

  private final int port;

  TcpAttempt(CheckNetwork network, Timer timer, HostPort address) {
    super(network, timer, address.host());
    port = address.port();
  }

  @Override
  void ask(InetAddress[] addresses) throws IOException {
    connect(addresses, 0);
  }

  private void connect(InetAddress[] addresses, int index) throws IOException {
    AsynchronousSocketChannel channel = AsynchronousSocketChannel.open(network.channels());
    onDrop(() -> close(channel));
    channel.connect(
        new InetSocketAddress(addresses[index], port),
        index + 1,
        new CompletionHandler<@Nullable Void, Integer>() {
          @Override
          public void completed(@Nullable Void nothing, Integer following) {
            result.complete(Health.PASSING);
          }

          @Override
          public void failed(Throwable cause, Integer following) {
            close(channel);
            if (following >= addresses.length || result.isDone()) {
              fail();
              return;
            }
            try {
              connect(addresses, following);
            } catch (IOException | RuntimeException refused) {
              fail();
            }
          }
        });
  }

  private static void close(AsynchronousSocketChannel channel) {
    try {
      channel.close();
    } catch (IOException failed) {
      LOG.debug("closing the connection of a health check", failed);
    }
  }
}
