package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulExtension;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What other tools have registered, and what other tools see of ours. */
class ForeignEntriesTest {
  @RegisterExtension static final ConsulExtension CONSUL = ConsulExtension.create();

  private final Bench bench = new Bench();
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

  @Test
  void withoutAddress_hasThatOfItsNode() {
    raw.register("{\"Name\":\"bare\",\"ID\":\"bare-1\",\"Port\":80}");

    assertThat(read("bare"))
        .containsExactly(
            ServiceInstance.builder("bare")
                .id("bare-1")
                .address("127.0.0.1", 80)
                .zone("dc1")
                .build());
  }

  @Test
  void allFields_areThose() {
    raw.register(
        "{\"Name\":\"full\",\"ID\":\"f\",\"Port\":80,\"Address\":\"10.0.0.1\",\"Tags\":[\"x\"],"
            + "\"Meta\":{\"k\":\"v\"},\"Weights\":{\"Passing\":7,\"Warning\":2},"
            + "\"EnableTagOverride\":true,\"TaggedAddresses\":{\"wan\":{\"Address\":\"w.example\","
            + "\"Port\":443}},\"Check\":{\"TTL\":\"30s\",\"Status\":\"warning\"}}");

    assertThat(read("full"))
        .containsExactly(
            ServiceInstance.builder("full")
                .id("f")
                .address("10.0.0.1", 80)
                .tag("x")
                .metadata("k", "v")
                .weight(7)
                .zone("dc1")
                .address("wan", "w.example", 443)
                .health(Health.WARNING)
                .build());

    ConsulServiceEntry entry = get(backend.entries("full")).get(0);
    assertThat(entry.id()).isEqualTo("f");
    assertThat(entry.kind()).isEmpty();
    assertThat(entry.service()).isEqualTo("full");
    assertThat(entry.tags()).containsExactly("x");
    assertThat(entry.meta()).containsExactly(Map.entry("k", "v"));
    assertThat(entry.port()).isEqualTo(80);
    assertThat(entry.address()).isEqualTo("10.0.0.1");
    assertThat(entry.socketPath()).isEmpty();
    assertThat(entry.taggedAddresses())
        .containsEntry("wan", new ConsulServiceEntry.Address("w.example", 443));
    assertThat(entry.weights()).contains(new ConsulServiceEntry.Weights(7, 2));
    assertThat(entry.enableTagOverride()).contains(true);
    assertThat(entry.createIndex().orElse(0)).isPositive();
    assertThat(entry.modifyIndex().orElse(0)).isPositive();
    assertThat(entry.proxy()).isPresent();
    assertThat(entry.connect()).contains("{}");
    assertThat(entry.datacenter()).contains("dc1");
    assertThat(entry.peerName()).isEmpty();
    assertThat(entry.partition()).isEmpty();
    assertThat(entry.locality()).isEmpty();
    assertThat(entry.node().orElseThrow().address()).isEqualTo("127.0.0.1");
    assertThat(entry.checks()).hasSize(2);
    ConsulServiceEntry local = get(backend.local(new InstanceKey("full", "f"))).orElseThrow();
    assertThat(local.contentHash()).isPresent();
    assertThat(get(backend.local(new InstanceKey("other", "f")))).isEmpty();
  }

  @Test
  @DisplayName("a sidecar's kind and proxy are readable")
  void proxies_areReadable() {
    raw.register(
        "{\"Name\":\"side\",\"ID\":\"s\",\"Port\":80,\"Kind\":\"connect-proxy\","
            + "\"Proxy\":{\"DestinationServiceName\":\"web\"}}");

    ConsulServiceEntry entry = get(backend.entries("side")).get(0);
    assertThat(entry.kind()).contains("connect-proxy");
    assertThat(entry.proxy().orElseThrow()).contains("DestinationServiceName");
  }

  @Test
  @DisplayName("a change that no list of names shows is not hidden by one that a list does show")
  void changesAtOnce_areAllSeen() {
    raw.put(
        "catalog/register",
        "{\"Node\":\"far\",\"Address\":\"10.9.9.9\",\"Service\":{\"ID\":\"h1\","
            + "\"Service\":\"hidden\",\"Port\":1}}");
    RecordingSink catalog = bench.watch(backend, Selector.everything());
    eventually(() -> assertThat(ids(catalog, "hidden")).containsExactly("h1"));

    for (int n = 2; n < 5; n++) {
      String second = "h" + n;
      raw.put("txn", "[" + serviceSet("hidden", second) + "," + serviceSet("shown" + n, "s") + "]");

      eventually(() -> assertThat(ids(catalog, "hidden")).contains(second));
    }
  }

  private static String serviceSet(String service, String id) {
    return "{\"Service\":{\"Verb\":\"set\",\"Node\":\"far\",\"Service\":{\"ID\":\""
        + id
        + "\",\"Service\":\""
        + service
        + "\",\"Port\":1}}}";
  }

  @Test
  @DisplayName("a failing check of the node counts for all that is on it, in both ways of watching")
  void checksOfTheNode_count() {
    raw.put(
        "catalog/register",
        "{\"Node\":\"far\",\"Address\":\"10.9.9.9\",\"Service\":{\"ID\":\"n\",\"Service\":\"onnode\","
            + "\"Port\":1},\"Check\":{\"CheckID\":\"disk\",\"Name\":\"disk\",\"Status\":\"passing\"}}");
    RecordingSink direct = bench.watch(backend, "onnode");
    RecordingSink catalog = bench.watch(backend, Selector.everything());
    for (RecordingSink sink : List.of(direct, catalog)) {
      eventually(() -> assertThat(health(sink, "onnode")).contains(Health.PASSING));
    }

    raw.put(
        "catalog/register",
        "{\"Node\":\"far\",\"Address\":\"10.9.9.9\",\"SkipNodeUpdate\":true,"
            + "\"Check\":{\"CheckID\":\"disk\",\"Name\":\"disk\",\"Status\":\"critical\"}}");

    for (RecordingSink sink : List.of(direct, catalog)) {
      eventually(() -> assertThat(health(sink, "onnode")).contains(Health.CRITICAL));
    }
    raw.put("catalog/deregister", "{\"Node\":\"far\"}");
    for (RecordingSink sink : List.of(direct, catalog)) {
      eventually(() -> assertThat(health(sink, "onnode")).isEmpty());
    }
  }

  @Test
  @DisplayName("a store full of what is no instance: that alone is left out, and counted")
  void malformed_isLeftOut() {
    for (int i = 0; i < 60; i++) {
      raw.register("{\"Name\":\"junk\",\"ID\":\"noport" + i + "\"}");
      raw.register("{\"Name\":\"junk/" + i + "\",\"ID\":\"slash" + i + "\",\"Port\":1}");
    }
    raw.register("{\"Name\":\"junk\",\"ID\":\"high\",\"Port\":70000}");
    raw.register("{\"Name\":\"junk\",\"ID\":\"a/b\",\"Port\":5}");
    raw.register("{\"Name\":\"junk\",\"ID\":\"no host\",\"Port\":5,\"Address\":\"not a host!\"}");
    raw.register("{\"Name\":\"junk\",\"ID\":\"tags\",\"Port\":5,\"Tags\":[" + tags(90) + "]}");
    // The client's own classes refuse the whole list for a node that has lan and no wan.
    raw.put(
        "catalog/register",
        "{\"Node\":\"lanonly\",\"Address\":\"10.9.9.8\",\"TaggedAddresses\":{\"lan\":\"10.9.9.8\"},"
            + "\"Service\":{\"ID\":\"lan\",\"Service\":\"junk\",\"Port\":1}}");
    RecordingSink direct = bench.watch(backend, "junk");
    RecordingSink catalog = bench.watch(backend, Selector.everything());
    put(backend, instance("junk", "good", 1));

    for (RecordingSink sink : List.of(direct, catalog)) {
      eventually(() -> assertThat(ids(sink, "junk")).containsExactly("good", "lan", "tags"));
    }
    assertThat(Bench.ids(read("junk"))).containsExactly("good", "lan", "tags");
    assertThat(backend.skippedEntries()).isGreaterThan(60);
  }

  @Test
  @DisplayName("one ID on several nodes, as where the ID is the service's name")
  void oneIdOnSeveralNodes_isTold() {
    for (String node : List.of("n-a", "n-b", "n-c")) {
      raw.put(
          "catalog/register",
          "{\"Node\":\""
              + node
              + "\",\"Address\":\"10.1.1.1\",\"Service\":{\"ID\":\"same\",\"Service\":\"same\","
              + "\"Port\":1}}");
    }
    assertThat(Bench.ids(read("same"))).containsExactly("same", "same@n-b", "same@n-c");
  }

  @Test
  @DisplayName("an operator's deregistration reaches what another tool has registered")
  void deregister_reachesForeignOnes() {
    raw.register("{\"Name\":\"theirs\",\"ID\":\"t1\",\"Port\":1}");
    get(backend.deregister(new InstanceKey("theirs", "t1"), Bench.owner()));
    assertThat(Bench.ids(read("theirs"))).containsExactly("t1");

    get(backend.deregister(new InstanceKey("other", "t1"), Owner.ANY));
    assertThat(Bench.ids(read("theirs"))).containsExactly("t1");

    get(backend.deregister(new InstanceKey("theirs", "t1"), Owner.ANY));
    assertThat(read("theirs")).isEmpty();
  }

  @Test
  @DisplayName("other tools see ours with tags, metadata, weight, addresses and checks")
  void ours_areSeenByOthers() {
    ServiceInstance instance =
        ServiceInstance.builder("ours")
            .id("ours-1")
            .address("10.0.0.1", 80)
            .tag("t")
            .metadata("consul-like", "kept")
            .metadata("k", "v")
            .weight(5)
            .address("lan", "10.0.0.2", 81)
            .build();
    Liveness check =
        Liveness.httpCheck(URI.create("http://127.0.0.1:1/health"), Duration.ofSeconds(15))
            .deregisterAfter(Duration.ofMinutes(2));
    put(backend, instance, check, Bench.owner(), end -> {});

    String seen = raw.get("agent/service/ours-1").body();
    assertThat(seen)
        .contains("\"k\": \"v\"", "\"Passing\": 5", "10.0.0.2")
        .contains("\"lan\"", "rollcall-owner");
    assertThat(raw.get("agent/checks").body()).contains("\"ours-1\"", "\"Type\": \"http\"");
    ServiceInstance back = read("ours").get(0);
    assertThat(back).isEqualTo(instance.withHealth(Health.CRITICAL));
    assertThat(back.metadata()).containsEntry("consul-like", "kept");
    assertThat(back.addresses()).containsEntry("lan", new HostPort("10.0.0.2", 81));
  }

  @Test
  @DisplayName("maintenance by another tool shows, and ends")
  void maintenance_shows() {
    put(backend, instance("maintained", "m", 1));
    RecordingSink sink = bench.watch(backend, "maintained");
    eventually(() -> assertThat(health(sink, "maintained")).contains(Health.PASSING));
    raw.put("agent/service/maintenance/maintained%2Fm?enable=true&reason=x", "");
    eventually(() -> assertThat(health(sink, "maintained")).contains(Health.CRITICAL));
    raw.put("agent/service/maintenance/maintained%2Fm?enable=false", "");
    eventually(() -> assertThat(health(sink, "maintained")).contains(Health.PASSING));
  }

  private List<ServiceInstance> read(String service) {
    return get(backend.snapshot(Selector.service(service))).instances();
  }

  private static List<String> ids(RecordingSink sink, String service) {
    return Bench.ids(sink.state().stream().filter(one -> one.service().equals(service)).toList());
  }

  private static Optional<Health> health(RecordingSink sink, String service) {
    return sink.state().stream()
        .filter(one -> one.service().equals(service))
        .map(ServiceInstance::health)
        .findFirst();
  }

  private static String tags(int count) {
    StringBuilder tags = new StringBuilder("\"t0\"");
    for (int i = 1; i < count; i++) {
      tags.append(",\"t").append(i).append('"');
    }
    return tags.toString();
  }
}
