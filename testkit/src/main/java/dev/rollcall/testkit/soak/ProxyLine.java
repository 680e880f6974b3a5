package dev.rollcall.testkit.soak;

import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.server.FaultProxy;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A line of TCP, through a proxy of its own in front of each server that the URI names. */
final class ProxyLine implements Line {
  private static final byte[] TROUBLE = reply("500 Internal Server Error", "No cluster leader");

  /** gRPC pings after 10 s and waits for 5. */
  private static final Duration ETCD_NOTICES = Duration.ofSeconds(15);

  private static final Duration CONSUL_WAIT = Duration.ofSeconds(5);

  private final List<FaultProxy> proxies = new ArrayList<>();
  private final String uri;
  private final boolean http;
  private final Duration notices;

  ProxyLine(String given) {
    BackendUri parsed = BackendUri.parse(given);
    http = parsed.scheme().equals("consul");
    // A silent agent goes unnoticed for 17/16 of the wait and 2 s.
    notices =
        http
            ? parsed.duration("wait", CONSUL_WAIT).multipliedBy(17).dividedBy(16).plusSeconds(2)
            : ETCD_NOTICES;
    List<String> hosts = new ArrayList<>();
    for (String host : parsed.hosts()) {
      FaultProxy proxy = FaultProxy.to(address(host, http ? 8500 : 2379));
      proxies.add(proxy);
      hosts.add("127.0.0.1:" + proxy.port());
    }
    uri = given.replaceFirst("//[^/?#]*", "//" + String.join(",", hosts));
  }

  /** Tells whether a URI's store is reached by plain TCP: TLS would not believe a proxy's name. */
  static boolean reaches(BackendUri uri) {
    return uri.scheme().equals("etcd") || uri.scheme().equals("consul");
  }

  private static InetSocketAddress address(String host, int standardPort) {
    int colon = host.lastIndexOf(':');
    boolean noPort = host.endsWith("]") || colon < 0;
    String name = noPort ? host : host.substring(0, colon);
    int port = noPort ? standardPort : Integer.parseInt(host.substring(colon + 1));
    return new InetSocketAddress(name.replaceAll("^\\[|]$", ""), port);
  }

  private static byte[] reply(String status, String words) {
    return ("HTTP/1.1 "
            + status
            + "\r\nContent-Length: "
            + words.length()
            + "\r\nConnection: close\r\n\r\n"
            + words)
        .getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public RegistryBackend registry(Timer timer) {
    return BackendProviders.open(uri, timer);
  }

  @Override
  public Optional<KeyValueBackend> keys(Timer timer) {
    return SnapshotTruth.keys(uri, timer);
  }

  @Override
  public List<SoakFault> faults() {
    List<SoakFault> faults = new ArrayList<>();
    faults.add(fault("cut", FaultProxy::cut).noticed(notices));
    faults.add(fault("refuse", FaultProxy::refuse).noticed(notices));
    faults.add(fault("silence", FaultProxy::stall).noticed(notices));
    faults.add(fault("reset", FaultProxy::resetAll));
    faults.add(
        fault("delay", proxy -> proxy.delay(Duration.ofMillis(150), Duration.ofMillis(150))));
    if (http) {
      // None that denies: the store would have done what the proxy's reply says it has refused.
      faults.add(fault("trouble", proxy -> instead(proxy, TROUBLE)).noticed(notices));
    }
    return faults;
  }

  private SoakFault fault(String name, Consumer<FaultProxy> how) {
    return SoakFault.of(name, () -> proxies.forEach(how), () -> proxies.forEach(FaultProxy::heal));
  }

  private static void instead(FaultProxy proxy, byte[] reply) {
    proxy.replaceReplies(reply);
    proxy.resetAll(); // else the queries that wait would be answered late
  }

  @Override
  public void sever() {
    proxies.forEach(FaultProxy::refuse);
  }

  @Override
  public void close() {
    proxies.forEach(FaultProxy::close);
  }
}
