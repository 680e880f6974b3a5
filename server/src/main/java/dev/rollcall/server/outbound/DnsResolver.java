package dev.rollcall.server.outbound;

import com.linecorp.armeria.common.util.TransportType;
import io.netty.channel.EventLoopGroup;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Looks names up in the hosts file and by DNS without a thread for each: the JDK's own look-up
 * blocks, so that a name whose servers never answer would hold up all others.
 */
final class DnsResolver implements NameResolver, AutoCloseable {
  private static final int QUERY_MILLIS = 1_000;
  private static final int MAX_SECONDS_KEPT = 5;

  private final DnsNameResolver resolver;

  DnsResolver(EventLoopGroup loops) {
    resolver =
        new DnsNameResolverBuilder(loops.next())
            .datagramChannelType(TransportType.datagramChannelType(loops))
            .socketChannelType(TransportType.socketChannelType(loops))
            .queryTimeoutMillis(QUERY_MILLIS)
            .ttl(0, MAX_SECONDS_KEPT)
            .build();
  }

  @Override
  public CompletionStage<List<InetAddress>> resolve(String host) {
    CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();
    resolver
        .resolveAll(host)
        .addListener(
            (Future<? super List<InetAddress>> done) -> {
              if (done.isSuccess()) {
                @SuppressWarnings("unchecked")
                List<InetAddress> addresses = (List<InetAddress>) done.getNow();
                found.complete(addresses == null ? List.of() : List.copyOf(addresses));
              } else {
                found.complete(List.of());
              }
            });
    return found;
  }

  @Override
  public void close() {
    resolver.close();
  }
}
