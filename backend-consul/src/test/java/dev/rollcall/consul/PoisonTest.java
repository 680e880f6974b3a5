package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.consul.LaterConsul.Answer;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** W16: whatever a stranger registers stops, delays or hides nothing but itself. */
class PoisonTest {
  /** An agent of its own, since what cannot be addressed cannot be removed either. */
  @RegisterExtension static final ConsulExtension CONSUL = ConsulExtension.create();

  /** Names that an agent takes, and mostly refuses to be asked for. */
  private static final List<String> NAMES =
      List.of(
          "bad\\tname",
          "bad\\nname",
          "bad\\u0000name",
          "bad\\u2028name",
          "bad\\u200bname",
          "bad\\u00a0name",
          "bad\\ue000name",
          "bad\\ud83e\\udee0name", // of a Unicode that is younger than the agent
          ".",
          "..",
          "/",
          "a/../b",
          "a//b",
          "%2e%2e",
          " ",
          "?x#y",
          "n".repeat(60_000));

  private final Bench bench = new Bench();
  private final String service = "poison" + System.nanoTime();
  private final Owner owner = Bench.owner();
  private ConsulBackend backend;
  private RawConsul raw;

  @BeforeEach
  void open() {
    backend = bench.open(CONSUL.port());
    raw = new RawConsul(CONSUL.endpoint());
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private void poison() {
    for (String name : NAMES) {
      raw.register(
          "{\"Name\":\""
              + name
              + "\",\"ID\":\""
              + service
              + NAMES.indexOf(name)
              + "\",\"Port\":80}");
    }
  }

  @Test
  @DisplayName("names that no agent can be asked for stop neither catalog, watch nor snapshot")
  void names_hideThemselvesAlone() {
    RecordingSink before = bench.watch(backend, Selector.everything());
    eventually(() -> assertThat(before.isLive()).isTrue());
    poison();
    RecordingSink everything = bench.watch(backend, Selector.everything());
    List<RecordingSink> sinks = new ArrayList<>(List.of(before, everything));
    for (int i = 0; i <= Watches.DIRECT; i++) {
      sinks.add(bench.watch(backend, service)); // the last one is served by the catalog
      bench.watch(backend, service + i);
    }
    good(1);
    for (RecordingSink sink : sinks) {
      eventually(() -> assertThat(good(sink)).containsExactly(instance(service, "good", 1)));
      eventually(() -> assertThat(sink.isLive()).isTrue());
      assertThat(sink.interruptions()).isEmpty();
    }
    good(2);
    for (RecordingSink sink : sinks) {
      eventually(() -> assertThat(good(sink)).containsExactly(instance(service, "good", 2)));
      assertThat(sink.interruptions()).isEmpty();
    }
    assertThat(get(backend.snapshot(Selector.everything())).instances())
        .contains(instance(service, "good", 2));
    assertThat(backend.skippedEntries()).isPositive();
    try (Registry registry = Registry.open("consul://127.0.0.1:" + CONSUL.port())) {
      assertThat(registry.catalog().await(Bench.PATIENCE).services()).contains(service);
    }
  }

  /** With a check: the catalog cannot tell what has changed of an instance without one. */
  private void good(int number) {
    put(
        backend,
        instance(service, "good", number),
        Liveness.heartbeat(Duration.ofHours(1)),
        owner,
        end -> {});
  }

  private List<ServiceInstance> good(RecordingSink sink) {
    return sink.state().stream().filter(one -> one.service().equals(service)).toList();
  }

  @Test
  @DisplayName("an ID that moves from one service to another is no reset of the store")
  void movedIds_areNoReset() {
    RecordingSink everything = bench.watch(backend, Selector.everything());
    eventually(() -> assertThat(everything.isLive()).isTrue());
    // The index of a service that is not there is that at which any was removed last, which such a
    // move is not for Consul.
    raw.register("{\"Name\":\"" + service + "-removed\",\"ID\":\"removed\",\"Port\":1}");
    raw.put("agent/service/deregister/removed", "");
    for (int n = 1; n <= 3; n++) {
      raw.register(moving(service, n));
      eventually(() -> assertThat(good(everything)).hasSize(1));
      raw.register(moving(service + "-to", n));
      eventually(() -> assertThat(good(everything)).isEmpty());
    }
    assertThat(everything.interruptions()).isEmpty();
  }

  private static String moving(String to, int port) {
    return "{\"Name\":\""
        + to
        + "\",\"ID\":\"moves\",\"Port\":"
        + port
        + ",\"Check\":{\"CheckID\":\"moves\",\"TTL\":\"1h\",\"Status\":\"passing\"}}";
  }

  @Test
  @DisplayName("one service that the agent fails to answer for stops no other")
  void unreadableService_hidesItselfAlone() {
    good(1);
    put(backend, instance(service + "-bad", "bad", 1));
    LaterConsul refusing =
        bench.closing(
            new LaterConsul(
                CONSUL.server(),
                (asked, passOn) ->
                    asked.isFor("health/service/" + service + "-bad")
                        ? Answer.of("400 Bad Request", "")
                        : passOn.answer()));
    ConsulBackend through = bench.open(refusing.uri(""));
    RecordingSink everything = bench.watch(through, Selector.everything());
    eventually(() -> assertThat(good(everything)).hasSize(1));
    eventually(() -> assertThat(everything.isLive()).isTrue());
    assertThat(get(through.snapshot(Selector.everything())).instances())
        .contains(instance(service, "good", 1));
    good(2);
    eventually(() -> assertThat(good(everything)).containsExactly(instance(service, "good", 2)));
    assertThat(everything.interruptions()).isEmpty();
    assertThat(refused(through.snapshot(Selector.service(service + "-bad"))).kind())
        .isEqualTo(Kind.INVALID);

    refusing.rule(LaterConsul.UNCHANGED);
    put(
        backend,
        instance(service + "-bad", "bad", 2),
        Liveness.heartbeat(Duration.ofHours(1)),
        owner,
        end -> {});
    eventually(() -> assertThat(everything.state()).contains(instance(service + "-bad", "bad", 2)));
  }

  @Test
  @DisplayName("fields of any size, depth and kind cost their own entry at most")
  void fields_costTheirEntryAlone() {
    good(1);
    String deep = "{\"a\":".repeat(1_500) + "1" + "}".repeat(1_500);
    raw.register(
        "{\"Name\":\""
            + service
            + "\",\"ID\":\"deep\",\"Port\":80,\"Kind\":\"connect-proxy\","
            + "\"Proxy\":{\"DestinationServiceName\":\"x\",\"Config\":"
            + deep
            + "}}");
    raw.register(
        "{\"Name\":\"" + service + "\",\"ID\":\"" + "i".repeat(60_000) + "\",\"Port\":80}");
    raw.register(
        "{\"Name\":\""
            + service
            + "\",\"ID\":\"long\",\"Port\":80,\"TaggedAddresses\":{\""
            + "t".repeat(60_000)
            + "\":{\"Address\":\"10.0.0.1\",\"Port\":1}}}");
    raw.register("{\"Name\":\"" + service + "\",\"ID\":\"tab\\tid\\u2028\",\"Port\":80}");
    raw.register(
        "{\"Name\":\""
            + service
            + "\",\"ID\":\"tag\",\"Port\":80,\"Tags\":[\""
            + "t".repeat(400_000)
            + "\",\"\\u0000\",\"\\ud800\",\"kept\"]}");
    RecordingSink direct = bench.watch(backend, service);
    RecordingSink everything = bench.watch(backend, Selector.everything());
    for (RecordingSink sink : List.of(direct, everything)) {
      eventually(
          () -> assertThat(Bench.ids(good(sink))).containsExactly("deep", "good", "long", "tag"));
      assertThat(sink.interruptions()).isEmpty();
    }
  }

  @Test
  @DisplayName("keys and values of any kind cost themselves alone")
  void keys_costThemselvesAlone() {
    for (String key : List.of("tab\\tkey", "line\\u2028", "zwsp\\u200b", "a//b", "a/../b", "/x")) {
      raw.put(
          "txn",
          "[{\"KV\":{\"Verb\":\"set\",\"Key\":\""
              + service
              + "/"
              + key
              + "\",\"Value\":\"AAA=\"}}]");
    }
    KeyValueBackend keys =
        bench.closing(
            new ConsulBackendProvider(Map.of())
                .openKeyValue(
                    BackendUri.parse(
                        "consul://127.0.0.1:" + CONSUL.port() + "/" + service + "?wait=1s"),
                    bench.timer));
    get(keys.put("good", Bytes.of(new byte[] {1})));
    RecordingKeys all = new RecordingKeys();
    bench.closing(keys.watch(Keys.prefix(""), all));
    eventually(() -> assertThat(all.state()).extracting(entry -> entry.key()).contains("good"));
    get(keys.put("good", Bytes.of(new byte[] {2})));
    eventually(
        () ->
            assertThat(all.state())
                .filteredOn(entry -> entry.key().equals("good"))
                .extracting(entry -> entry.value())
                .containsExactly(Bytes.of(new byte[] {2})));
    assertThat(all.kinds()).isEmpty();
    assertThat(get(keys.list("")).entries()).hasSize(7);
  }

  @Test
  @DisplayName(
      "what the agent could not be asked for afterwards is refused before it is registered")
  void ownNames_areRefusedBeforeTheyStand() {
    for (String id : List.of("\ud83e\udee0", "a\u0378")) {
      InstanceKey key;
      try {
        key = new InstanceKey(service, id);
      } catch (dev.rollcall.RegistryException refusedAtTheDoor) {
        continue; // this JDK knows no such character either
      }
      RegisterRequest request =
          new RegisterRequest(
              instance(key.service(), key.id(), 1),
              Liveness.permanent(),
              Bench.owner(),
              Claim.TAKE_OVER);
      assertThat(refused(backend.register(request, end -> {})).kind()).isEqualTo(Kind.INVALID);
    }
    // Unicode 13, which this JDK knows, and the agent's Go does not.
    RegisterRequest younger =
        new RegisterRequest(
            instance(service, "\ud83e\uddcb", 1),
            Liveness.permanent(),
            Bench.owner(),
            Claim.TAKE_OVER);
    assertThat(refused(backend.register(younger, end -> {})).kind()).isEqualTo(Kind.INVALID);
    assertThat(raw.get("health/service/" + service).body().strip()).isEqualTo("[]");
    assertThat(get(backend.deregister(instance(service, "x", 1).key(), Owner.ANY))).isNull();
  }
}
