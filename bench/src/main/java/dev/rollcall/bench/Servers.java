package dev.rollcall.bench;

import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import org.jspecify.annotations.Nullable;

/** The stores that watches are measured on, started when the first needs them. One thread's. */
final class Servers implements AutoCloseable {
  static final String ETCD = "rollcall.bench.etcd";
  static final String CONSUL = "rollcall.bench.consul";

  private @Nullable EtcdServer etcd;
  private @Nullable ConsulServer consul;

  /** Returns the JVM argument that tells a fork where a server is. */
  String argument(String property) {
    return "-D" + property + "=" + (property.equals(ETCD) ? etcd() : consul());
  }

  private String etcd() {
    if (etcd == null) {
      etcd = EtcdServer.launch("3.5");
    }
    return etcd.endpoint();
  }

  private String consul() {
    if (consul == null) {
      consul = ConsulServer.launch();
    }
    return consul.endpoint();
  }

  @Override
  public void close() {
    if (etcd != null) {
      etcd.close();
    }
    if (consul != null) {
      consul.close();
    }
  }
}
