package dev.rollcall.server.dependencies;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.Server;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A program that registers at {@code /services}: answers heartbeats, and keeps the patches that it
 * is sent.
 */
final class DependentProgram implements AutoCloseable {
  final List<String> patches = new CopyOnWriteArrayList<>();
  final AtomicInteger heartbeats = new AtomicInteger();
  volatile HttpStatus heartbeat = HttpStatus.OK;
  volatile HttpStatus update = HttpStatus.OK;
  volatile boolean silent;
  private final Server server;

  DependentProgram() {
    server =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .gracefulShutdownTimeoutMillis(0, 0)
            .service(
                "/heartbeat",
                (ctx, req) -> {
                  heartbeats.incrementAndGet();
                  return silent
                      ? HttpResponse.of(new CompletableFuture<HttpResponse>())
                      : HttpResponse.of(heartbeat);
                })
            .service(
                "/services",
                (ctx, req) ->
                    HttpResponse.of(
                        req.aggregate()
                            .thenApply(
                                body -> {
                                  if (update.equals(HttpStatus.OK)) {
                                    patches.add(body.contentUtf8());
                                  }
                                  return HttpResponse.of(update);
                                })))
            .build();
    server.start().join();
  }

  String url() {
    return "http://127.0.0.1:" + server.activeLocalPort();
  }

  String registration(String name, String... required) {
    StringBuilder names = new StringBuilder();
    for (String each : required) {
      names.append(names.isEmpty() ? "" : ",").append('"').append(each).append('"');
    }
    return """
        {"ServiceName":"%s","ServiceURL":"%s","RequiredServices":[%s],\
        "ServiceUpdateURL":"%s/services","HeartbeatURL":"%s/heartbeat"}"""
        .formatted(name, url(), names, url(), url());
  }

  static String added(String name, String url) {
    return "{\"Added\":[{\"Name\":\"%s\",\"URL\":\"%s\"}],\"Removed\":[]}".formatted(name, url);
  }

  static String removed(String name, String url) {
    return "{\"Added\":[],\"Removed\":[{\"Name\":\"%s\",\"URL\":\"%s\"}]}".formatted(name, url);
  }

  @Override
  public void close() {
    server.stop();
  }
}
