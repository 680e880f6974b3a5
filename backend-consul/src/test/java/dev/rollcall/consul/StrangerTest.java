package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.ConsulServer;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** An agent serves 200 connections of one address, and says nothing when it refuses more. */
class StrangerTest {
  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("while a stranger holds all connections nobody is evicted; afterwards all goes on")
  void connectionLimit_reachedByAStranger() throws Exception {
    ConsulServer server = bench.closing(ConsulServer.launch());
    Registry registry =
        bench.closing(Registry.open("consul://127.0.0.1:" + server.port() + "?wait=1s&timeout=2s"));
    Registration registration =
        registry
            .register(instance("mine", "a", 1), Liveness.heartbeat(Duration.ofSeconds(3)))
            .join();
    ServiceView view = registry.service("mine");
    eventually(() -> assertThat(view.instances()).hasSize(1));
    ServiceView later = registry.service("later");

    List<Socket> stranger = new ArrayList<>();
    for (int i = 0; i < 230; i++) {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
      socket
          .getOutputStream()
          .write(
              "GET /v1/health/service/x?index=999999&wait=3s HTTP/1.1\r\nHost: x\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      stranger.add(socket);
    }
    Bench.pass(Duration.ofSeconds(2));
    assertThat(view.snapshot().all()).hasSize(1);
    for (Socket socket : stranger) {
      socket.close();
    }

    ConsulBackend beside = bench.open(server.port());
    eventually(
        () -> {
          put(beside, instance("later", "b", 1));
          assertThat(later.instances()).hasSize(1);
        });
    eventually(() -> assertThat(view.instances()).hasSize(1));
    eventually(() -> assertThat(registration.state()).isEqualTo(Registration.State.ACTIVE));
  }
}
