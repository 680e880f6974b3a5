package dev.rollcall.server.consul;

import dev.rollcall.server.Centre;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.server.FaultProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/** A centre on memory behind a proxy, and what the contract's tests do to the two. */
final class CentreFaults implements Faults, AutoCloseable {
  private static final byte[] REFUSAL =
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 17\r\nConnection: close\r\n\r\nPermission denied"
          .getBytes(StandardCharsets.US_ASCII);

  private final int port;
  private final FaultProxy proxy;
  private Centre centre;
  private boolean isDown;

  CentreFaults() {
    centre = CentreUnderTest.start("memory:");
    port = centre.port();
    proxy = FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  String uri() {
    return "consul://127.0.0.1:" + proxy.port() + "?wait=1s&timeout=2s";
  }

  RegistryBackend open(Timer timer) {
    return BackendProviders.open(uri(), timer);
  }

  @Override
  public Set<Fault> offered() {
    return EnumSet.allOf(Fault.class);
  }

  @Override
  public void begin(Fault fault, String service) {
    switch (fault) {
      case STOP -> stop();
      case CUT -> proxy.cut();
      case SILENCE -> proxy.stall();
      case DENY -> {
        proxy.replaceReplies(REFUSAL);
        proxy.resetAll();
      }
      case WIPE -> {
        stop();
        start();
      }
      case GARBAGE -> registerWithoutPort(service);
    }
  }

  @Override
  public void heal() {
    start();
    proxy.heal();
  }

  @Override
  public RegistryBackend beside(Timer timer) {
    return BackendProviders.open("consul://127.0.0.1:" + port + "?wait=1s", timer);
  }

  private void stop() {
    if (!isDown) {
      centre.close();
      isDown = true;
    }
  }

  private void start() {
    if (isDown) {
      centre = CentreUnderTest.start("memory:", port, "n1");
      isDown = false;
    }
  }

  @Override
  public void close() {
    proxy.close();
    stop();
  }

  private void registerWithoutPort(String service) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(centre.uri() + "/v1/agent/service/register"))
            .PUT(
                HttpRequest.BodyPublishers.ofString(
                    "{\"Name\":\"" + service + "\",\"ID\":\"garbage\",\"Address\":\"no host\"}"))
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();
    if (response.statusCode() != 200) {
      throw new IllegalStateException(response.body());
    }
  }
}
