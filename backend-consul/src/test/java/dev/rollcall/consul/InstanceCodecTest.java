package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** Translation, both ways, without a server: what is written is read back, whatever it is. */
@Tag("inside")
class InstanceCodecTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> TEXTS =
      List.of("", "a", "ä€😀", "{\"json\":1}", "x=y&z", "a/b", "\\ \" ' `", "0", "e\u0301", " ");

  @Test
  @DisplayName("whatever is registered is read back with all its fields")
  void roundTrip_keepsEveryField(TestReporter reporter) throws Exception {
    long seed = new Random().nextLong();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    for (int round = 0; round < 2_000; round++) {
      ServiceInstance instance = anyInstance(random);
      RegisterRequest request =
          new RegisterRequest(instance, anyLiveness(random), Bench.owner(), Claim.TAKE_OVER);
      RegistrationBody body = RegistrationBody.of(request);

      List<ServiceInstance> read = read(instance.service(), body);

      assertThat(read).as("seed %s, round %s", seed, round).containsExactly(instance);
      JsonNode sent = MAPPER.readTree(body.json());
      assertThat(sent.path("Meta").size()).isLessThanOrEqualTo(64);
      sent.path("Meta")
          .fieldNames()
          .forEachRemaining(name -> assertThat(name).doesNotStartWith("consul-"));
      assertThat(sent.path("Weights").path("Passing").asInt()).isBetween(1, 65_535);
    }
  }

  @Test
  @DisplayName("metadata with dots and slashes is escaped, where older readers pass over it")
  void metadata_withDotsAndSlashes_isEscaped() throws Exception {
    ServiceInstance instance =
        Bench.instance("s", "i", 1).toBuilder()
            .metadata("app.kubernetes.io/name", "1")
            .metadata("app_2Ekubernetes_2Eio_2Fname", "2")
            .metadata("d.".repeat(64), "too long when escaped")
            .metadata("consul-x", "3")
            .metadata("rollcall-team/owner", "4")
            .build();
    RegistrationBody body =
        RegistrationBody.of(
            new RegisterRequest(instance, Liveness.permanent(), Bench.owner(), Claim.TAKE_OVER));
    JsonNode sent = MAPPER.readTree(body.json());
    assertThat(sent.path("Meta").path("rollcall-meta-app_2Ekubernetes_2Eio_2Fname").asText())
        .isEqualTo("1");
    assertThat(sent.path("Meta").path("app_2Ekubernetes_2Eio_2Fname").asText()).isEqualTo("2");
    JsonNode more =
        MAPPER.readTree(
            sent.path("TaggedAddresses").path("rollcall-more").path("Address").asText());
    assertThat(more)
        .isEqualTo(
            MAPPER.readTree(
                "{\"labels\":{\""
                    + "d.".repeat(64)
                    + "\":\"too long when escaped\"},"
                    + "\"meta\":{\"consul-x\":\"3\"}}"));
    assertThat(read("s", body)).containsExactly(instance);
  }

  @Test
  @DisplayName("no two keys have one ID, though Consul's IDs know neither services nor capitals")
  void consulIds_areUnique(TestReporter reporter) {
    long seed = new Random().nextLong();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    Set<InstanceKey> keys = new HashSet<>();
    for (int i = 0; i < 20_000; i++) {
      keys.add(new InstanceKey(anyName(random), anyName(random)));
    }
    keys.add(new InstanceKey("a", "a-b-c"));
    keys.add(new InstanceKey("a-b", "a-b-c"));
    Set<String> ids = new HashSet<>();
    for (InstanceKey key : keys) {
      String id = Names.consulId(key);
      assertThat(ids.add(id.toLowerCase(Locale.ROOT))).as("%s, seed %s", key, seed).isTrue();
      assertThat(Names.instanceId(key.service(), id)).isEqualTo(key.id());
    }
  }

  @Test
  void consulIds_ofTheUsualFormStayAsTheyAre() {
    String uuid = UUID.randomUUID().toString();
    assertThat(Names.consulId(new InstanceKey("orders", "orders-7"))).isEqualTo("orders-7");
    assertThat(Names.consulId(new InstanceKey("Log", "Log-" + uuid))).isEqualTo("Log-" + uuid);
    assertThat(Names.consulId(new InstanceKey("orders", "a"))).isEqualTo("orders/a");
  }

  @Test
  @DisplayName("TTLs are whole seconds, and removal is not before a minute")
  void durations_areWhatConsulTakes() throws Exception {
    RegistrationBody body =
        RegistrationBody.of(
            new RegisterRequest(
                Bench.instance("s", "i", 1),
                Liveness.heartbeat(Duration.ofMillis(1_200)).deregisterAfter(Duration.ZERO),
                Bench.owner(),
                Claim.TAKE_OVER));
    JsonNode check = MAPPER.readTree(body.json()).path("Checks").get(0);
    assertThat(check.path("TTL").asText()).isEqualTo("2s");
    assertThat(check.path("Status").asText()).isEqualTo("passing");
    assertThat(check.path("DeregisterCriticalServiceAfter").asText()).isEqualTo("60000ms");
    assertThat(body.ttl()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  @DisplayName("a digest of checks names what has changed, and nothing else")
  void digest_namesTheServicesThatChanged() throws Exception {
    CheckDigest before = digest("passing", "critical", "passing");
    assertThat(digest("passing", "critical", "passing").changedServices(before)).isEmpty();
    assertThat(digest("passing", "passing", "passing").changedServices(before))
        .containsExactly("s1");
    assertThat(digest("passing", "critical").changedServices(before)).containsExactly("s2");
    assertThat(digest("passing", "critical").changedNodes(before)).isEmpty();
  }

  @Test
  @DisplayName("what newer servers send besides is readable; what is not sent is absent")
  void entry_ofANewerServer() throws Exception {
    String newer =
        """
        [{"Node": {"ID": "u", "Node": "n", "Address": "10.0.0.1", "Datacenter": "dc7",
            "TaggedAddresses": {"lan": "10.0.0.1"}, "Meta": {"rack": "r1"}},
          "Service": {"Kind": "connect-proxy", "ID": "s-1", "Service": "s", "Port": 0,
            "SocketPath": "/run/s.sock", "PeerName": "peer", "Namespace": "ns",
            "Partition": "part", "Locality": {"Region": "eu-1", "Zone": "eu-1a"},
            "ContentHash": "abc", "Proxy": {"Mode": ""}, "Connect": {}},
          "Checks": [{"CheckID": "c", "Status": "maintenance", "Type": "grpc"}]},
         {"Node": null, "Service": {"ID": "s-2", "Service": "s"}, "Checks": null},
         {"Service": {"ID": 7}}, {}, 1]
        """;

    List<ConsulServiceEntry> entries = ConsulJson.serviceHealth(stream(newer));

    assertThat(entries).hasSize(2);
    ConsulServiceEntry full = entries.get(0);
    assertThat(full.kind()).contains("connect-proxy");
    assertThat(full.socketPath()).contains("/run/s.sock");
    assertThat(full.peerName()).contains("peer");
    assertThat(full.namespace()).contains("ns");
    assertThat(full.partition()).contains("part");
    assertThat(full.datacenter()).contains("dc7");
    assertThat(full.locality()).contains(new ConsulServiceEntry.Locality("eu-1", "eu-1a"));
    assertThat(full.contentHash()).contains("abc");
    assertThat(full.proxy()).contains("{\"Mode\":\"\"}");
    assertThat(full.connect()).contains("{}");
    assertThat(full.node().orElseThrow().id()).contains("u");
    assertThat(full.node().orElseThrow().meta()).containsEntry("rack", "r1");
    assertThat(full.checks().get(0).type()).contains("grpc");
    assertThat(full.health()).isEqualTo(Health.CRITICAL);
    ConsulServiceEntry bare = entries.get(1);
    assertThat(bare.socketPath()).isEmpty();
    assertThat(bare.weights()).isEmpty();
    assertThat(bare.enableTagOverride()).isEmpty();
    assertThat(bare.createIndex()).isEmpty();
    assertThat(bare.locality()).isEmpty();
    assertThat(bare.datacenter()).isEmpty();
    assertThat(bare.health()).isEqualTo(Health.PASSING);
  }

  private static CheckDigest digest(String... states) throws IOException {
    ArrayNode checks = MAPPER.createArrayNode();
    checks.addObject().put("Node", "n").put("CheckID", "serfHealth").put("Status", "passing");
    for (int i = 0; i < states.length; i++) {
      ObjectNode check = checks.addObject();
      check.put("Node", "n").put("CheckID", "c" + i).put("Status", states[i]);
      check.put("ServiceName", "s" + i).putObject("Definition").put("Status", "x" + Math.random());
    }
    return ConsulJson.checks(stream(checks.toString()));
  }

  /** What Consul makes of a registration in its answer to health/service. */
  private static List<ServiceInstance> read(String service, RegistrationBody body)
      throws IOException {
    ObjectNode sent = (ObjectNode) MAPPER.readTree(body.json());
    ArrayNode checks = (ArrayNode) sent.remove("Checks");
    sent.put("Service", sent.remove("Name").asText());
    ArrayNode answer = MAPPER.createArrayNode();
    ObjectNode entry = answer.addObject();
    entry.putObject("Node").put("Node", "n").put("Address", "10.0.0.1");
    entry.set("Service", sent);
    ArrayNode shown = entry.putArray("Checks");
    for (JsonNode check : checks) {
      shown
          .addObject()
          .put("CheckID", check.path("CheckID").asText())
          .put("Status", check.path("Status").asText("passing"))
          .put("ServiceID", body.consulId());
    }
    return new InstanceCodec()
        .instances(service, ConsulJson.serviceHealth(stream(answer.toString())));
  }

  private static ByteArrayInputStream stream(String json) {
    return new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8));
  }

  private static ServiceInstance anyInstance(Random random) {
    ServiceInstance.Builder builder =
        ServiceInstance.builder(anyName(random))
            .id(anyName(random))
            .address(random.nextBoolean() ? "10.0.0.1" : "::1", 1 + random.nextInt(65_535))
            .scheme(random.nextBoolean() ? "http" : "grpc+tls")
            .zone(any(random, TEXTS))
            .health(any(random, List.of(Health.values())))
            .weight(any(random, List.of(0, 1, 2, 65_535, 65_536, Integer.MAX_VALUE)));
    for (int i = random.nextInt(5); i > 0; i--) {
      builder.tag(any(random, TEXTS));
    }
    int entries = random.nextInt(10) == 0 ? 64 : random.nextInt(6);
    for (int i = 0; i < entries; i++) {
      String prefix = any(random, List.of("", "consul-", "rollcall-", "rfc1035-", "rollcall-zone"));
      builder.metadata(prefix + i, any(random, TEXTS));
    }
    for (String name : List.of("lan", "wan", "lan_ipv4", "rollcall-more", "x-1")) {
      if (random.nextInt(4) == 0) {
        builder.address(name, "h.example", 1 + random.nextInt(9));
      }
    }
    return builder.build();
  }

  private static Liveness anyLiveness(Random random) {
    return random.nextBoolean()
        ? Liveness.permanent()
        : Liveness.heartbeat(Duration.ofSeconds(1 + random.nextInt(100)));
  }

  private static String anyName(Random random) {
    List<String> parts = List.of("a", "b", "A", "-", "-1", "é", "@", ".x", "a-b");
    StringBuilder name = new StringBuilder("n");
    for (int i = random.nextInt(5); i > 0; i--) {
      name.append(any(random, parts));
    }
    return name.toString();
  }

  private static <T> T any(Random random, List<T> of) {
    return of.get(random.nextInt(of.size()));
  }
}
