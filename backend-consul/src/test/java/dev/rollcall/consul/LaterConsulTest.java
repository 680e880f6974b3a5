package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.refused;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceView;
import dev.rollcall.consul.LaterConsul.Answer;
import dev.rollcall.consul.LaterConsul.Asked;
import dev.rollcall.consul.LaterConsul.Rule;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * What Consul says since 1.8.7, which is the version that runs here: each test has one recorded
 * difference, which {@link LaterConsul} makes of a real agent's answers.
 */
class LaterConsulTest {
  @RegisterExtension static final ConsulExtension CONSUL = ConsulExtension.create();

  private static final int CHANGES = Bench.IN_TIME ? 1_000 : 200;

  /** 1.10 and later: blocking queries of a service's health are answered from a stream. */
  private static final Rule STREAMING =
      (asked, passOn) -> {
        Answer answer = passOn.answer().with("X-Consul-Default-ACL-Policy", "allow");
        return asked.isFor("health/service/") && asked.blocks()
            ? answer
                .with("X-Consul-Query-Backend", "streaming")
                .with("X-Consul-KnownLeader", "false")
                .with("X-Consul-LastContact", "0")
            : answer.with("X-Consul-Query-Backend", "blocking-query");
      };

  private final Bench bench = new Bench();
  private final String service = "later" + System.nanoTime();

  @AfterEach
  void close() {
    bench.close();
  }

  private LaterConsul later(Rule rule) {
    return bench.closing(new LaterConsul(CONSUL.server(), rule));
  }

  @Test
  @DisplayName("1.10: streamed answers, which know no leader, break no watch: it never leaves Live")
  void streamedAnswers_keepTheWatchLive() {
    LaterConsul streaming = later(STREAMING);
    ConsulBackend writer = bench.open(CONSUL.port());
    Registry registry = bench.closing(Registry.open(streaming.uri("")));
    RecordingSink sink = bench.watch(bench.open(streaming.uri("")), service);
    ServiceView view = registry.service(service);
    view.await(Bench.PATIENCE);
    Queue<Freshness> told = new ConcurrentLinkedQueue<>();
    bench.closing(view.watch(change -> told.add(change.now().freshness())));
    Owner owner = Bench.owner();
    for (int n = 1; n <= CHANGES; n++) {
      var changed = instance(service, "a", n);
      put(writer, changed, Liveness.permanent(), owner, end -> {});
      eventually(() -> assertThat(view.instances()).containsExactly(changed));
      assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    }
    eventually(() -> assertThat(sink.state()).containsExactly(instance(service, "a", CHANGES)));
    assertThat(sink.interruptions()).isEmpty();
    assertThat(told).isNotEmpty().hasOnlyElementsOfType(Freshness.Live.class);
    assertThat(streaming.asked()).filteredOn(Asked::blocks).hasSizeGreaterThan(CHANGES / 2);
  }

  @Test
  @Tag("long")
  @DisplayName("1.10: latency of a streamed watch beside a direct one, change about; printed")
  void streamedAnswers_latency() {
    RawConsul raw = new RawConsul(CONSUL.endpoint());
    Map<String, ConsulBackend> ways = new LinkedHashMap<>();
    ways.put("direct", bench.open(CONSUL.port()));
    ways.put("proxied", bench.open(later(LaterConsul.UNCHANGED).uri("")));
    ways.put("streamed", bench.open(later(STREAMING).uri("")));
    Map<String, AtomicLong> heard = new HashMap<>();
    Map<String, List<Long>> nanos = new LinkedHashMap<>();
    ways.forEach(
        (way, backend) -> {
          AtomicLong at = new AtomicLong();
          heard.put(way, at);
          nanos.put(way, new ArrayList<>());
          Runnable notice = () -> at.set(System.nanoTime());
          bench.closing(backend.watch(Selector.service(service + way), new NoticingSink(notice)));
          eventually(() -> assertThat(at.get()).isNotZero());
        });
    for (int n = 1; n <= 350; n++) {
      for (String way : ways.keySet()) {
        AtomicLong at = heard.get(way);
        long seen = at.get();
        String name = service + way;
        long sent = System.nanoTime();
        raw.register("{\"Name\":\"" + name + "\",\"ID\":\"" + name + "\",\"Port\":" + n + "}");
        eventually(() -> assertThat(at.get()).isNotEqualTo(seen));
        if (n > 50) {
          nanos.get(way).add(at.get() - sent);
        }
      }
    }
    nanos.forEach((way, all) -> System.out.println(way + ": " + Usage.quantiles(all)));
    double direct = Usage.median(nanos.get("direct"));
    System.out.printf(
        "ratio of the medians to direct: proxied %.3f, streamed %.3f%n",
        Usage.median(nanos.get("proxied")) / direct, Usage.median(nanos.get("streamed")) / direct);
    assertThat(nanos.values()).allSatisfy(all -> assertThat(all).hasSize(300));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "blocking-query"})
  @DisplayName(
      "an answer that knows no leader and was not streamed still says nothing of instances")
  void leaderless_stillBreaksTheWatch(String queryBackend) {
    LaterConsul leaderless = later(LaterConsul.UNCHANGED);
    put(bench.open(CONSUL.port()), instance(service, "a", 1));
    RecordingSink sink = bench.watch(bench.open(leaderless.uri("")), service);
    eventually(() -> assertThat(Bench.ids(sink.state())).containsExactly("a"));
    leaderless.rule(
        (asked, passOn) -> {
          Answer answer = passOn.answer().with("X-Consul-KnownLeader", "false").withBody("[]");
          return queryBackend.isEmpty()
              ? answer
              : answer.with("X-Consul-Query-Backend", queryBackend);
        });
    eventually(() -> assertThat(sink.isLive()).isFalse());
    assertThat(Bench.ids(sink.state())).containsExactly("a");
    assertThat(sink.interruptions())
        .allSatisfy(cause -> assertThat(cause).hasMessageContaining("knows no leader"));
  }

  @Test
  @DisplayName("1.11: what access control has left out is said once, and breaks nothing")
  void filtered_isSaidOnce() {
    LaterConsul filtering =
        later(
            (asked, passOn) ->
                passOn
                    .answer()
                    .with("X-Consul-Results-Filtered-By-ACLs", "true")
                    .with("X-Consul-Default-ACL-Policy", "deny"));
    ConsulBackend backend = bench.open(filtering.uri(""));
    assertThat(backend.isFilteredByAccessControl()).isFalse();
    put(bench.open(CONSUL.port()), instance(service, "a", 1));
    List<String> logged =
        logged(
            () -> {
              RecordingSink direct = bench.watch(backend, service);
              RecordingSink everything = bench.watch(backend, Selector.everything());
              for (RecordingSink sink : List.of(direct, everything)) {
                eventually(() -> assertThat(Bench.ids(sink.state()).contains("a")).isTrue());
              }
              put(bench.open(CONSUL.port()), instance(service, "b", 1));
              for (RecordingSink sink : List.of(direct, everything)) {
                eventually(() -> assertThat(Bench.ids(sink.state())).contains("a", "b"));
                assertThat(sink.interruptions()).isEmpty();
              }
            });
    assertThat(backend.isFilteredByAccessControl()).isTrue();
    assertThat(logged).filteredOn(line -> line.contains("access control")).hasSize(1);
  }

  @Test
  @DisplayName("1.11: where access control leaves nothing, that is no empty catalog")
  void filteredToNothing_isDenied() {
    LaterConsul filtering = later(LaterConsul.UNCHANGED);
    put(bench.open(CONSUL.port()), instance(service, "a", 1));
    ConsulBackend backend = bench.open(filtering.uri(""));
    List<RecordingSink> sinks =
        List.of(bench.watch(backend, service), bench.watch(backend, Selector.everything()));
    sinks.forEach(sink -> eventually(() -> assertThat(Bench.ids(sink.state())).contains("a")));
    filtering.rule(
        (asked, passOn) ->
            passOn
                .answer()
                .withBody(asked.isFor("catalog/services") ? "{}" : "[]")
                .with("X-Consul-Results-Filtered-By-ACLs", "true"));
    for (RecordingSink sink : sinks) {
      eventually(
          () ->
              assertThat(sink.interruptions())
                  .extracting(RegistryException::kind)
                  .contains(Kind.DENIED));
      assertThat(Bench.ids(sink.state())).contains("a");
    }
    assertThat(refused(backend.snapshot(Selector.everything())).kind()).isEqualTo(Kind.DENIED);
  }

  /** Refuses once what is for some path, and says when. */
  private static final class Limiting implements Rule {
    private final String path;
    private final String status;
    private final String retryAfter;
    private final AtomicLong refusedNanos = new AtomicLong();

    Limiting(String path, String status, String retryAfter) {
      this.path = path;
      this.status = status;
      this.retryAfter = retryAfter;
    }

    @Override
    public Answer answer(Asked asked, LaterConsul.PassingOn passOn) throws java.io.IOException {
      if (asked.isFor(path) && refusedNanos.get() == 0) {
        refusedNanos.set(System.nanoTime());
        return Answer.of(
            status, "rate limit exceeded, try again later", "Retry-After: " + retryAfter);
      }
      return passOn.answer();
    }

    /** Returns how long after the refusal the agent was asked for anything else. */
    Duration pause(LaterConsul of) {
      return Duration.ofNanos(
          of.asked().stream()
                  .mapToLong(Asked::nanos)
                  .filter(at -> at > refusedNanos.get())
                  .min()
                  .orElseThrow()
              - refusedNanos.get());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"429 Too Many Requests", "503 Service Unavailable"})
  @DisplayName("1.15: a watch comes back when the agent said, not sooner")
  void retryAfter_isHonouredByWatches(String status) {
    put(bench.open(CONSUL.port()), instance(service, "a", 1));
    Limiting limiting = new Limiting("health/service/", status, "2");
    LaterConsul limited = later(limiting);
    RecordingSink sink = bench.watch(bench.open(limited.uri("")), service);
    eventually(() -> assertThat(Bench.ids(sink.state())).containsExactly("a"));
    assertThat(sink.interruptions()).extracting(RegistryException::kind).contains(Kind.UNAVAILABLE);
    assertThat(limiting.pause(limited)).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3600", "99999999999999999999"})
  @DisplayName("1.15: and within the back-off's bounds, however long the agent wants")
  void retryAfter_isBounded(String retryAfter) {
    put(bench.open(CONSUL.port()), instance(service, "a", 1));
    LaterConsul limited = later(new Limiting("health/service/", "429 Too Many", retryAfter));
    RecordingSink sink = bench.watch(bench.open(limited.uri("")), service);
    eventually(() -> assertThat(Bench.ids(sink.state())).containsExactly("a"));
  }

  @Test
  @DisplayName("1.15: a registration comes back when the agent said")
  void retryAfter_isHonouredByRegistrations() {
    Limiting limiting = new Limiting("agent/service/register", "429 Too Many Requests", "2");
    LaterConsul limited = later(limiting);
    Registry registry = bench.closing(Registry.open(limited.uri("")));
    assertThat(
            registry
                .register(instance(service, "a", 1), Liveness.permanent())
                .orTimeout(30, java.util.concurrent.TimeUnit.SECONDS)
                .join()
                .state())
        .hasToString("ACTIVE");
    assertThat(limiting.pause(limited)).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
  }

  @Test
  @DisplayName("1.15: a heartbeat comes back when the agent said")
  void retryAfter_isHonouredByHeartbeats() {
    LaterConsul limited = later(LaterConsul.UNCHANGED);
    ConsulBackend backend = bench.open(limited.uri(""));
    Lease lease = lease(backend, Duration.ofSeconds(20), end -> {});
    Limiting limiting = new Limiting("agent/check/", "429 Too Many Requests", "1");
    limited.rule(limiting);
    assertThat(refused(lease.renew()).kind()).isEqualTo(Kind.UNAVAILABLE);
    get(lease.renew());
    assertThat(limiting.pause(limited)).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  @DisplayName("1.15: no heartbeat is held back for so long that its instance would expire")
  void retryAfter_expiresNobody() {
    LaterConsul limited = later(LaterConsul.UNCHANGED);
    ConsulBackend backend = bench.open(limited.uri(""));
    Queue<LeaseEnd> ends = new ConcurrentLinkedQueue<>();
    Lease lease = lease(backend, Duration.ofSeconds(6), ends::add);
    Limiting limiting = new Limiting("agent/check/", "503 Service Unavailable", "3600");
    limited.rule(limiting);
    refused(lease.renew());
    // Two thirds of the TTL have passed: a further one is sent at once.
    Bench.pass(Duration.ofSeconds(4));
    long at = System.nanoTime();
    var unused = lease.renew();
    eventually(
        () ->
            assertThat(limited.asked())
                .anyMatch(asked -> asked.isFor("agent/check/") && asked.nanos() > at));
    assertThat(ends).isEmpty();
  }

  private Lease lease(
      ConsulBackend backend, Duration ttl, dev.rollcall.spi.LeaseListener listener) {
    return put(
        backend, instance(service, "a", 1), Liveness.heartbeat(ttl), Bench.owner(), listener);
  }

  @Test
  @DisplayName("1.15: keys and values are asked for again when the agent said")
  void retryAfter_isHonouredByKeys() {
    Limiting limiting = new Limiting("kv/", "429 Too Many Requests", "1");
    LaterConsul limited = later(limiting);
    KeyValueBackend keys = keys(limited, "");
    assertThat(refused(keys.put("a", Bytes.of(new byte[1]))).kind()).isEqualTo(Kind.UNAVAILABLE);
    get(keys.put("a", Bytes.of(new byte[1])));
    assertThat(limiting.pause(limited)).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
  }

  private KeyValueBackend keys(LaterConsul later, String options) {
    return bench.closing(
        new ConsulBackendProvider(Map.of())
            .openKeyValue(
                BackendUri.parse(
                    "consul://127.0.0.1:"
                        + later.port()
                        + "/"
                        + service
                        + "?wait=1s&timeout=5s"
                        + options),
                bench.timer));
  }

  /** What 1.21.5 and 1.22.0 answer to a key with a colon, whatever is asked of it. */
  private static final Rule STRICT_KEYS =
      (asked, passOn) ->
          asked.isFor("kv/") && (asked.target().contains("%3A") || asked.target().contains(":"))
              ? Answer.of(
                  "500 Internal Server Error",
                  "invalid key name, keys should respect the \"^[a-zA-Z0-9,_./\\\\-?&=]+$\" format")
              : passOn.answer();

  @Test
  @DisplayName("1.21.5, 1.22.0: a key outside the server's alphabet is INVALID, not worth a retry")
  void refusedKeys_areInvalid() {
    KeyValueBackend keys = keys(later(STRICT_KEYS), "");
    List<RegistryException> failures =
        List.of(
            refused(keys.put("a:b", Bytes.of(new byte[1]))),
            refused(keys.get("a:b")),
            refused(keys.list("a:")),
            refused(keys.compareAndSet("a:b", 0, Bytes.of(new byte[1]))),
            refused(keys.compareAndDelete("a:b", 1)),
            refused(keys.delete(Keys.key("a:b"))));
    for (RegistryException failure : failures) {
      assertThat(failure.kind()).isEqualTo(Kind.INVALID);
      assertThat(failure)
          .hasMessageContaining("expected: a-z A-Z 0-9 , _ . / - ? & =")
          .hasMessageContaining("1.21.5")
          .hasMessageContaining("invalid key name, keys should respect the");
    }
  }

  @Test
  @DisplayName("a key that the server refuses keeps no other watch from coming back")
  void refusedKey_delaysNoOther() {
    LaterConsul strict = later(STRICT_KEYS);
    KeyValueBackend keys = keys(strict, "");
    get(keys.put("good", Bytes.of(new byte[] {1})));
    RecordingKeys bad = new RecordingKeys();
    bench.closing(keys.watch(Keys.key("a:b"), bad));
    eventually(() -> assertThat(bad.kinds()).contains(Kind.INVALID));
    RecordingKeys good = new RecordingKeys();
    bench.closing(keys.watch(Keys.key("good"), good));
    eventually(() -> assertThat(good.isLive()).isTrue());
    for (int round = 0; round < 3; round++) {
      strict.rule((asked, passOn) -> Answer.of("500 Internal Server Error", "no leader"));
      eventually(() -> assertThat(good.isLive()).isFalse());
      eventually(() -> assertThat(bad.kinds()).endsWith(Kind.UNAVAILABLE));
      strict.rule(STRICT_KEYS);
      eventually(() -> assertThat(good.isLive()).isTrue());
      eventually(() -> assertThat(bad.kinds()).endsWith(Kind.INVALID));
    }
  }

  @Test
  @DisplayName("2.1: a body that is too long for the agent is INVALID")
  void tooLongBodies_areInvalid() {
    LaterConsul small =
        later(
            (asked, passOn) ->
                asked.body().size() > 200
                    ? Answer.of(
                        "413 Request Entity Too Large",
                        "Request body too large, max size: 524288 bytes.")
                    : passOn.answer());
    KeyValueBackend keys = keys(small, "");
    RegistryException ofKey = refused(keys.put("a", Bytes.of(new byte[201])));
    RegisterRequest request =
        new RegisterRequest(
            instance(service, "a", 1), Liveness.permanent(), Bench.owner(), Claim.TAKE_OVER);
    RegistryException ofInstance = refused(bench.open(small.uri("")).register(request, end -> {}));
    for (RegistryException failure : List.of(ofKey, ofInstance)) {
      assertThat(failure.kind()).isEqualTo(Kind.INVALID);
      assertThat(failure).hasMessageContaining("max size: 524288 bytes");
    }
  }

  @Test
  @DisplayName("1.11 to 1.22: new fields are read where they are typed, and absent where not sent")
  void newFields_areTyped() {
    put(bench.open(CONSUL.port()), instance(service, "a", 1));
    LaterConsul newer =
        later(
            (asked, passOn) -> {
              Answer answer = passOn.answer();
              return asked.isFor("health/service/")
                  ? answer.withBody(
                      answer
                          .text()
                          .replaceFirst(
                              "\"Service\":\\s*\\{",
                              "\"Service\":{\"Locality\":{\"Region\":\"eu\",\"Zone\":\"eu-1\"},"
                                  + "\"Ports\":[{\"Name\":\"http\",\"Port\":8080,\"Default\":true},"
                                  + "{\"Name\":\"grpc\",\"Port\":9090}],\"PeerName\":\"far\","
                                  + "\"Partition\":\"part\",\"Namespace\":\"team\","
                                  + "\"Unheard\":{\"Of\":[1,{\"x\":null}]},"))
                  : answer;
            });
    ConsulBackend backend = bench.open(newer.uri(""));
    ConsulServiceEntry entry = get(backend.entries(service)).get(0);
    assertThat(entry.locality()).contains(new ConsulServiceEntry.Locality("eu", "eu-1"));
    assertThat(entry.ports())
        .containsExactly(
            new ConsulServiceEntry.Port("http", 8080, true),
            new ConsulServiceEntry.Port("grpc", 9090, false));
    assertThat(entry.peerName()).contains("far");
    assertThat(entry.partition()).contains("part");
    assertThat(entry.namespace()).contains("team");
    assertThat(get(backend.snapshot(Selector.service(service))).instances())
        .containsExactly(instance(service, "a", 1));

    newer.rule(LaterConsul.UNCHANGED);
    ConsulServiceEntry older = get(backend.entries(service)).get(0);
    assertThat(older.locality()).isEmpty();
    assertThat(older.ports()).isEmpty();
    assertThat(older.peerName()).isEmpty();
    assertThat(older.partition()).isEmpty();
    assertThat(older.namespace()).isEmpty();
  }

  @Test
  @DisplayName("1.22: an instance that has named ports alone is found at its default port")
  void namedPorts_areFound() {
    new RawConsul(CONSUL.endpoint())
        .register("{\"Name\":\"" + service + "\",\"ID\":\"p\",\"Address\":\"10.0.0.1\"}");
    LaterConsul newer =
        later(
            (asked, passOn) -> {
              Answer answer = passOn.answer();
              return answer.withBody(
                  answer
                      .text()
                      .replaceFirst(
                          "\"ID\":\\s*\"p\"",
                          "\"ID\":\"p\",\"Ports\":[{\"Name\":\"grpc\",\"Port\":9090},"
                              + "{\"Name\":\"http\",\"Port\":8080,\"Default\":true}]"));
            });
    var found =
        get(bench.open(newer.uri("")).snapshot(Selector.service(service))).instances().get(0);
    assertThat(found.host() + ":" + found.port()).isEqualTo("10.0.0.1:8080");
    assertThat(found.addresses()).hasToString("{grpc=10.0.0.1:9090, http=10.0.0.1:8080}");
  }

  @Test
  @DisplayName("ns and partition go with every call that takes them")
  void tenancy_goesWithEveryCall() {
    Set<String> names = Set.of("ns", "partition", "X-Consul-Namespace", "X-Consul-Partition");
    LaterConsul enterprise =
        later(
            (asked, passOn) ->
                asked.isFor("txn") ? Answer.of("200 OK", "{}") : passOn.without(names));
    String tenancy = "&ns=team&partition=part";
    ConsulBackend backend = bench.open(enterprise.uri(tenancy));
    RecordingSink direct = bench.watch(backend, service);
    RecordingSink everything = bench.watch(backend, Selector.everything());
    Lease lease = lease(backend, Duration.ofSeconds(10), end -> {});
    for (RecordingSink sink : List.of(direct, everything)) {
      eventually(() -> assertThat(Bench.ids(sink.state())).contains("a"));
    }
    get(lease.renew());
    assertThat(get(backend.local(instance(service, "a", 1).key()))).isPresent();
    get(backend.deregister(instance(service, "a", 1).key(), Owner.ANY));
    KeyValueBackend keys = keys(enterprise, tenancy);
    RecordingKeys sink = new RecordingKeys();
    bench.closing(keys.watch(Keys.prefix(""), sink));
    get(keys.put("a", Bytes.of(new byte[1])));
    get(keys.compareAndSet("b", 0, Bytes.of(new byte[1])));
    assertThat(get(keys.get("a"))).isPresent();
    assertThat(get(keys.list("")).entries()).hasSize(2);
    get(keys.delete(Keys.key("a")));
    get(keys.delete(Keys.prefix("a/..")));
    get(keys.delete(Keys.prefix("")));
    try (ConsulWatches watches = ConsulWatches.open(enterprise.uri(tenancy))) {
      List<Integer> nodes = new CopyOnWriteArrayList<>();
      watches.nodes(now -> nodes.add(now.size()));
      eventually(() -> assertThat(nodes).isNotEmpty());
    }

    List<String> paths =
        enterprise.asked().stream()
            .map(asked -> asked.target().replaceFirst("[?].*", "").split("/", -1))
            .map(parts -> String.join("/", List.of(parts).subList(2, Math.min(5, parts.length))))
            .map(path -> path.replace(service, ""))
            .distinct()
            .toList();
    assertThat(paths)
        .contains(
            "agent/service/register",
            "agent/service/deregister",
            "agent/check/pass",
            "catalog/services",
            "catalog/nodes",
            "health/state/any",
            "health/service/",
            "kv//a",
            "txn");
    assertThat(enterprise.asked())
        .allSatisfy(
            asked -> {
              assertThat(asked.said("partition") + asked.said("X-Consul-Partition"))
                  .as(asked.target())
                  .isEqualTo("part");
              assertThat(asked.said("ns") + asked.said("X-Consul-Namespace"))
                  .as(asked.target())
                  .isEqualTo(asked.isFor("catalog/nodes") ? "" : "team");
            });
    assertThat(enterprise.asked())
        .filteredOn(asked -> asked.isFor("txn"))
        .allSatisfy(
            asked ->
                assertThat(asked.body().text())
                    .contains("\"Namespace\":\"team\"", "\"Partition\":\"part\""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ns=team", "partition=part"})
  @DisplayName("a server that is not Enterprise says so: INVALID, with what to do")
  void tenancy_isRefusedByOthers(String option) {
    String name = option.substring(0, option.indexOf('='));
    // 1.11 and later refuse a partition in the words in which 1.8.7 refuses a namespace.
    LaterConsul community =
        later(
            (asked, passOn) ->
                asked.target().contains("partition=")
                    ? Answer.of(
                        "400 Bad Request",
                        "Invalid query parameter: \"partition\" - Partitions are a Consul"
                            + " Enterprise feature")
                    : passOn.answer());
    ConsulBackend backend = bench.open(community.uri("&" + option));
    RecordingSink sink = bench.watch(backend, service);
    eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
    KeyValueBackend keys = keys(community, "&" + option);
    RegisterRequest request =
        new RegisterRequest(
            instance(service, "a", 1), Liveness.permanent(), Bench.owner(), Claim.TAKE_OVER);
    List<RegistryException> failures =
        List.of(
            sink.interruptions().get(0),
            refused(backend.register(request, end -> {})),
            refused(backend.deregister(instance(service, "a", 1).key(), Owner.ANY)),
            refused(backend.snapshot(Selector.service(service))),
            refused(backend.snapshot(Selector.everything())),
            refused(keys.put("a", Bytes.of(new byte[1]))),
            refused(keys.list("")),
            refused(keys.delete(Keys.prefix("a/.."))));
    for (RegistryException failure : failures) {
      assertThat(failure.kind()).isEqualTo(Kind.INVALID);
      assertThat(failure)
          .hasMessageContaining("option \"" + name + "\"")
          .hasMessageContaining("expected: none, or a server of Consul Enterprise")
          .hasMessageContaining("status 400");
    }
  }

  private static List<String> logged(Runnable during) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger logger = context.getLogger(ConsulBackend.class);
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    appender.setContext(context);
    appender.start();
    logger.addAppender(appender);
    logger.setLevel(Level.WARN);
    try {
      during.run();
    } finally {
      logger.setLevel(null);
      logger.detachAppender(appender);
    }
    return List.copyOf(appender.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
