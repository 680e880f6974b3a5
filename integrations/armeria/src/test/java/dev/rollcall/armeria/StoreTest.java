package dev.rollcall.armeria;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.Server;
import dev.rollcall.Registry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Servers and a client that share nothing but a store. */
abstract class StoreTest {
  final List<Server> servers = new ArrayList<>();
  Registry theirs;
  Registry mine;
  RollcallEndpointGroup group;
  WebClient client;

  /** A store that no other test has written to. */
  abstract String uri();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(30, TimeUnit.SECONDS);
  }

  @BeforeEach
  void open() {
    String uri = uri();
    theirs = Registry.open(uri);
    mine = Registry.open(uri);
    group = RollcallEndpointGroup.builder(mine, "orders").selectionTimeoutMillis(200).build();
    client = WebClient.of(SessionProtocol.HTTP, group);
  }

  @AfterEach
  void close() {
    group.close();
    servers.forEach(Server::stop); // whose event loops take two seconds to end: nobody waits
    mine.close();
    theirs.close();
  }

  Server opened(Server server) {
    servers.add(server);
    return server;
  }

  Server server(String name) {
    return opened(Shop.open(theirs, name, Duration.ZERO));
  }

  /** Waits as a server does that must not fail a call: no request for so long. */
  private Server patientServer(String name) {
    return opened(Shop.open(theirs, name, Duration.ofSeconds(3)));
  }

  private void server(String name, int weight, String zone) {
    opened(
        Shop.open(
            name,
            RollcallUpdatingListener.builder(theirs, "orders")
                .instance(it -> it.id(name).weight(weight).zone(zone))
                .build(),
            Duration.ZERO));
  }

  void awaitEndpoints(int count) {
    await().until(() -> group.endpoints().size() == count);
  }

  @Test
  void aClient_callsTheServersThatAreThere() {
    server("a");
    server("b");
    awaitEndpoints(2);
    assertThat(group.whenReady()).isCompleted();
    assertThat(List.of(Shop.name(client), Shop.name(client))).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void weightsAndZones_areKept() {
    server("heavy", 3, "eu-1a");
    server("light", 1, "eu-1b");
    server("none", 0, "");
    awaitEndpoints(3);

    Map<String, Integer> answers = new TreeMap<>();
    for (int call = 0; call < 40; call++) {
      answers.merge(Shop.name(client), 1, Integer::sum);
    }
    assertThat(answers).containsOnly(Map.entry("heavy", 30), Map.entry("light", 10));
    Map<String, String> zones = new TreeMap<>();
    group
        .endpoints()
        .forEach(
            endpoint ->
                zones.put(
                    endpoint.attr(RollcallEndpointGroup.INSTANCE).id(),
                    String.valueOf(endpoint.attr(RollcallEndpointGroup.ZONE))));
    assertThat(zones).isEqualTo(Map.of("heavy", "eu-1a", "light", "eu-1b", "none", "null"));
  }

  @Test
  void aRollingReplacement_failsNoCall() throws Exception {
    Server first = patientServer("a1");
    Server second = patientServer("b1");
    awaitEndpoints(2);
    Load load = new Load(client);
    try {
      await().until(() -> load.names().size() == 2);
      server("a2");
      await().until(() -> load.names().contains("a2"));
      first.stop().join();
      server("b2");
      await().until(() -> load.names().contains("b2"));
      second.stop().join();
      awaitEndpoints(2);
      int before = load.calls();
      await().until(() -> load.calls() > before + 50);
    } finally {
      load.stop();
    }
    assertThat(load.failures()).isEmpty();
  }

  @Test
  void whenNobodyIsLeft_callsFailWithTheReason_andSucceedWhenSomebodyIsBack() {
    Server only = server("a");
    awaitEndpoints(1);
    assertThat(Shop.name(client)).isEqualTo("a");

    only.stop();
    awaitEndpoints(0);
    String why = mine.service("orders").snapshot().explain().orElseThrow().text();
    assertThatThrownBy(() -> Shop.name(client)).hasStackTraceContaining(why);

    server("b");
    awaitEndpoints(1);
    assertThat(Shop.name(client)).isEqualTo("b");
  }
}
