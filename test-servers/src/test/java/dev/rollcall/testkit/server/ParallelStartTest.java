package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoProcessLeft.class)
@Timeout(120)
class ParallelStartTest {
  @Test
  void twentyServersAtOnce_allServe_onPortsOfTheirOwn() throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(20);
    List<TestServer> servers = new ArrayList<>();
    try {
      List<Future<? extends TestServer>> starts = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        int number = i;
        starts.add(
            executor.submit(
                () ->
                    switch (number % 4) {
                      case 0 -> EtcdServer.launch("3.4");
                      case 1 -> ConsulServer.launch();
                      default -> EtcdServer.launch("3.5");
                    }));
      }
      for (Future<? extends TestServer> start : starts) {
        servers.add(start.get());
      }
      Set<Integer> ports = new HashSet<>();
      servers.forEach(server -> ports.add(server.port()));
      assertThat(ports).hasSize(20);
      assertThat(servers).allMatch(TestServer::isRunning);
    } finally {
      servers.forEach(TestServer::close);
      executor.shutdown();
    }
  }

  @Test
  void leases_neverOverlap() throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(8);
    List<PortLease> leases = new ArrayList<>();
    try {
      List<Future<PortLease>> taken =
          IntStream.range(0, 200).mapToObj(i -> executor.submit(() -> PortLease.of(5))).toList();
      for (Future<PortLease> lease : taken) {
        leases.add(lease.get());
      }
      Set<Integer> ports = new HashSet<>();
      leases.forEach(lease -> IntStream.range(0, 5).forEach(i -> ports.add(lease.port(i))));
      assertThat(ports).hasSize(1_000);
    } finally {
      leases.forEach(PortLease::close);
      executor.shutdown();
    }
  }
}
