package dev.rollcall.bench.fleet;

import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.TestServer;
import java.util.Locale;

/** A store to start, and how Rollcall is pointed at it. */
enum Store {
  ETCD("etcd"),
  CONSUL("Consul");

  private final String title;

  Store(String title) {
    this.title = title;
  }

  static Store of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }

  String title() {
    return title;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  TestServer launch() {
    return this == ETCD
        ? EtcdServer.launch("3.5")
        : ConsulServer.builder().hcl("limits{http_max_conns_per_client=12000}").launch();
  }

  /** Returns what a registry is opened with. */
  String uri(String address) {
    return this == ETCD ? "etcd://" + address + "/bench" : "consul://" + address;
  }

  static String address(TestServer server) {
    return "127.0.0.1:" + server.port();
  }
}
