package dev.rollcall.consul;

import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A Consul server behind a proxy, and what the contract's tests do to the two. */
final class ConsulFaults implements Faults, AutoCloseable {
  private static final byte[] REFUSAL =
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 17\r\nConnection: close\r\n\r\nPermission denied"
          .getBytes(StandardCharsets.US_ASCII);

  private final ConsulServer server;
  private final FaultProxy proxy;

  ConsulFaults(ConsulServer server) {
    this.server = server;
    this.proxy = FaultProxy.to(server);
  }

  /** Returns the address that the clients under test use. */
  String uri() {
    return "consul://127.0.0.1:" + proxy.port() + "?wait=1s&timeout=4s";
  }

  RegistryBackend open(Timer timer) {
    return open(uri(), timer);
  }

  static ConsulBackend open(String uri, Timer timer) {
    return new ConsulBackendProvider(Map.of()).open(BackendUri.parse(uri), timer);
  }

  @Override
  public Set<Fault> offered() {
    return EnumSet.allOf(Fault.class);
  }

  @Override
  public void begin(Fault fault, String service) {
    switch (fault) {
      case STOP -> server.kill();
      case CUT -> proxy.cut();
      case SILENCE -> proxy.stall();
      case DENY -> {
        proxy.replaceReplies(REFUSAL);
        proxy.resetAll();
      }
      case WIPE -> {
        server.kill();
        server.wipe();
        server.start();
      }
      case GARBAGE -> {
        register(service, "garbage");
        // An agent takes these names, and does not let itself be asked for them.
        for (String name : List.of("\\t", "\\u2028", "\\ue000", "/..", "/a")) {
          register(service + name, "garbage of " + service + name);
        }
        register("..", "garbage of ..");
      }
    }
  }

  @Override
  public void heal() {
    server.start();
    proxy.heal();
  }

  @Override
  public RegistryBackend beside(Timer timer) {
    return open(besideUri(), timer);
  }

  /** The address of a way on which no faults lie. */
  String besideUri() {
    return "consul://127.0.0.1:" + server.port() + "?wait=1s";
  }

  @Override
  public void close() {
    proxy.close();
    server.close();
  }

  private void register(String name, String id) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server.endpoint() + "/v1/agent/service/register"))
            .PUT(
                HttpRequest.BodyPublishers.ofString(
                    "{\"Name\":\"" + name + "\",\"ID\":\"" + id + "\",\"Address\":\"no host\"}"))
            .build();
    try {
      HttpResponse<String> response =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(response.body());
      }
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stop);
    }
  }
}
