package dev.rollcall.etcd;

import dev.rollcall.testkit.server.EtcdServer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Servers of one version, each lent to one test at a time; some ask their clients who they are. */
final class EtcdPool implements AutoCloseable {
  private final String version;
  private final Deque<EtcdFaults> open = new ArrayDeque<>();
  private final Deque<EtcdFaults> guarded = new ArrayDeque<>();
  private final List<EtcdServer> servers = new ArrayList<>();
  private final List<EtcdFaults> all = new ArrayList<>();

  EtcdPool(String version) {
    this.version = version;
  }

  EtcdFaults borrow(boolean guard) {
    synchronized (this) {
      Deque<EtcdFaults> idle = guard ? guarded : open;
      if (!idle.isEmpty()) {
        return idle.pop();
      }
    }
    EtcdServer server = EtcdServer.builder(version).argument("--bcrypt-cost=4").launch();
    EtcdFaults faults = new EtcdFaults(server, guard);
    synchronized (this) {
      servers.add(server);
      all.add(faults);
    }
    return faults;
  }

  void giveBack(EtcdFaults faults) {
    faults.heal();
    synchronized (this) {
      (faults.guards() ? guarded : open).push(faults);
    }
  }

  @Override
  public synchronized void close() {
    all.forEach(EtcdFaults::close);
    servers.forEach(EtcdServer::close);
  }
}
