package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.Iterables;
import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Consul's seven watch kinds, against what other tools do to a real agent. */
class ConsulWatchesTest {
  private static ConsulServer server;
  private static RawConsul raw;

  private final Bench bench = new Bench();

  @BeforeAll
  static void launch() {
    server = ConsulServer.launch();
    raw = new RawConsul(server.endpoint());
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @AfterEach
  void close() {
    bench.close();
  }

  /** Keeps all that it is told. */
  private static final class Heard<T> implements ConsulListener<T> {
    private final List<T> states = Collections.synchronizedList(new ArrayList<>());
    private final List<String> turns = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void changed(T now) {
      states.add(now);
    }

    @Override
    public void interrupted(RegistryException cause) {
      turns.add("interrupted");
    }

    @Override
    public void resumed() {
      turns.add("resumed");
    }

    T last() {
      synchronized (states) {
        assertThat(states).isNotEmpty();
        return Iterables.getLast(states);
      }
    }
  }

  private ConsulWatches open() {
    return open(server.port());
  }

  private ConsulWatches open(int port) {
    return bench.closing(ConsulWatches.open("consul://127.0.0.1:" + port + "?wait=2s&timeout=3s"));
  }

  @Test
  @DisplayName("key: absent, put by `consul kv put` with every byte, changed, deleted")
  void key(@TempDir Path folder) throws Exception {
    Heard<Optional<ConsulPair>> heard = new Heard<>();
    open().key("watched/one key", heard);
    eventually(() -> assertThat(heard.last()).isEmpty());

    byte[] bytes = everyByte();
    Path file = Files.write(folder.resolve("value"), bytes);
    consul("kv", "put", "-flags=42", "watched/one key", "@" + file);
    eventually(() -> assertThat(heard.last().map(ConsulPair::value)).hasValue(bytes));
    ConsulPair pair = heard.last().orElseThrow();
    assertThat(pair.key()).isEqualTo("watched/one key");
    assertThat(pair.flags()).isEqualTo(42);
    assertThat(pair.modifyIndex()).isPositive().isGreaterThanOrEqualTo(pair.createIndex());
    assertThat(pair.session()).isEmpty();

    raw.put("kv/watched/one%20key?flags=18446744073709551615", "plain");
    eventually(() -> assertThat(heard.last().map(ConsulPair::text)).hasValue("plain"));
    assertThat(heard.last().orElseThrow().flags()).isEqualTo(-1);

    consul("kv", "delete", "watched/one key");
    eventually(() -> assertThat(heard.last()).isEmpty());
    assertThat(heard.turns).isEmpty();
  }

  @Test
  @DisplayName("key: names with everything that a URL would take apart")
  void key_ofAnyName() {
    ConsulWatches watches = open();
    for (String key : List.of("a?b#c", "50% off", "x+y", "größe/ключ", "a=b&c", "semi;colon")) {
      Heard<Optional<ConsulPair>> heard = new Heard<>();
      Subscription watching = watches.key(key, heard);
      consul("kv", "put", key, "v");
      eventually(() -> assertThat(heard.last().map(ConsulPair::key)).hasValue(key));
      watching.close();
    }
  }

  @Test
  @DisplayName("keyprefix: the pairs below it and no other, deletions included")
  void keyPrefix() {
    raw.put("kv/app/config/a", "1");
    raw.put("kv/app/configuration", "beside");
    Heard<SortedMap<String, ConsulPair>> heard = new Heard<>();
    open().keyPrefix("app/config/", heard);
    eventually(() -> assertThat(heard.last()).containsOnlyKeys("app/config/a"));

    raw.put("kv/app/config/b/c", "2");
    raw.put("kv/app/configuration", "changed");
    eventually(() -> assertThat(heard.last()).containsOnlyKeys("app/config/a", "app/config/b/c"));
    consul("kv", "delete", "-recurse", "app/config/");
    eventually(() -> assertThat(heard.last()).isEmpty());
    assertThat(heard.states).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("services, service and checks: registered and failed by another tool")
  void services_service_checks(@TempDir Path folder) throws Exception {
    ConsulWatches watches = open();
    Heard<SortedMap<String, SortedSet<String>>> services = new Heard<>();
    Heard<List<ConsulServiceEntry>> service = new Heard<>();
    Heard<List<ConsulCheck>> ofService = new Heard<>();
    Heard<List<ConsulCheck>> critical = new Heard<>();
    Heard<List<ConsulCheck>> all = new Heard<>();
    watches.services(services);
    watches.service("billing", service);
    watches.checks(ConsulCheckQuery.ofService("billing"), ofService);
    watches.checks(ConsulCheckQuery.in(Health.CRITICAL), critical);
    watches.checks(ConsulCheckQuery.all(), all);
    eventually(() -> assertThat(services.last()).containsKey("consul"));
    eventually(() -> assertThat(service.last()).isEmpty());

    Path file = folder.resolve("billing.json");
    Files.writeString(
        file,
        """
        {"service": {"name": "billing", "id": "billing-1", "port": 81, "tags": ["v2", "blue"],
         "check": {"id": "alive", "name": "alive", "ttl": "10m", "status": "passing"}}}
        """);
    consul("services", "register", file.toString());
    eventually(() -> assertThat(services.last().get("billing")).containsExactly("blue", "v2"));
    eventually(() -> assertThat(service.last()).extracting(e -> e.port()).containsExactly(81));
    eventually(
        () ->
            assertThat(ofService.last())
                .extracting(c -> c.check().health())
                .containsExactly(Health.PASSING));
    eventually(
        () ->
            assertThat(all.last()).extracting(c -> c.check().id()).contains("alive", "serfHealth"));

    raw.put("agent/check/fail/alive?note=down", "");
    eventually(
        () ->
            assertThat(service.last())
                .extracting(ConsulServiceEntry::health)
                .containsExactly(Health.CRITICAL));
    eventually(() -> assertThat(ofService.last().get(0).check().output()).isEqualTo("down"));
    eventually(
        () -> assertThat(critical.last()).extracting(c -> c.service()).containsExactly("billing"));

    consul("services", "deregister", "-id=billing-1");
    eventually(() -> assertThat(services.last()).doesNotContainKey("billing"));
    eventually(() -> assertThat(service.last()).isEmpty());
    eventually(() -> assertThat(critical.last()).isEmpty());
  }

  @Test
  @DisplayName("nodes: one that is registered from outside, and gone")
  void nodes() {
    Heard<List<ConsulServiceEntry.Node>> heard = new Heard<>();
    open().nodes(heard);
    eventually(() -> assertThat(heard.last()).hasSize(1));
    raw.put("catalog/register", "{\"Node\":\"printer\",\"Address\":\"10.1.1.1\"}");
    eventually(() -> assertThat(heard.last()).extracting(n -> n.name()).contains("printer"));
    raw.put("catalog/deregister", "{\"Node\":\"printer\"}");
    eventually(() -> assertThat(heard.last()).hasSize(1));
  }

  @Test
  @DisplayName("event: 700 fired while the ring of 256 goes round, each once, in order, by name")
  void events_onceEach() {
    List<String> heard = Collections.synchronizedList(new ArrayList<>());
    List<String> named = Collections.synchronizedList(new ArrayList<>());
    ConsulWatches watches = open();
    raw.put("event/fire/count", "before");
    eventually(() -> assertThat(raw.get("event/list?name=count").body()).contains("count"));
    watches.events(event -> heard.add(event.name() + event.text()));
    watches.eventsWithHistory(
        "count",
        event -> {
          named.add(event.text());
          if (named.size() % 100 == 0) {
            throw new AssertionError("thrown by a listener on purpose");
          }
        });
    eventually(() -> assertThat(named).contains("before"));
    named.clear();
    // The one without a history has read its first list when it hears of a first event.
    eventually(
        () -> {
          raw.put("event/fire/ready", "");
          assertThat(heard).contains("ready");
        });

    List<String> expected = new ArrayList<>();
    for (int n = 0; n < 700; n++) {
      raw.put("event/fire/count", Integer.toString(n));
      expected.add(Integer.toString(n));
      if (n % 10 == 0) {
        raw.put("event/fire/other", "noise");
      }
    }
    eventually(() -> assertThat(named).hasSize(700));
    assertThat(named).isEqualTo(expected);
    eventually(
        () ->
            assertThat(heard.stream().filter(e -> e.startsWith("count")).toList())
                .isEqualTo(expected.stream().map(n -> "count" + n).toList()));
  }

  @Test
  @DisplayName("event: `consul event` with every byte of a payload, and its filters")
  void event_byTheCommand() {
    List<ConsulEvent> heard = Collections.synchronizedList(new ArrayList<>());
    open().eventsWithHistory("deploy", heard::add);
    // An agent keeps an event only where it has what the event's filters ask for.
    raw.register("{\"Name\":\"web\",\"Port\":80,\"Tags\":[\"blue\"]}");
    consul("event", "-name=deploy", "-service=web", "-tag=blue", "größe \t 1");
    eventually(() -> assertThat(heard).hasSize(1));
    ConsulEvent event = heard.get(0);
    assertThat(event.text()).isEqualTo("größe \t 1");
    assertThat(event.serviceFilter()).isEqualTo("web");
    assertThat(event.tagFilter()).isEqualTo("blue");
    assertThat(event.lamportTime()).isPositive();

    byte[] bytes = everyByte();
    raw.put("event/fire/deploy", bytes);
    eventually(() -> assertThat(heard).hasSize(2));
    assertThat(heard.get(1).payload()).isEqualTo(bytes);
  }

  @Test
  @DisplayName("an agent that is killed and comes back is said, and every kind goes on")
  void restart_isSaidAndGoneThrough() {
    ConsulServer own = bench.closing(ConsulServer.builder().persistent().launch());
    RawConsul rawOwn = new RawConsul(own.endpoint());
    rawOwn.put("kv/k", "1");
    ConsulWatches watches = open(own.port());
    Heard<Optional<ConsulPair>> key = new Heard<>();
    Heard<SortedMap<String, SortedSet<String>>> services = new Heard<>();
    List<String> events = Collections.synchronizedList(new ArrayList<>());
    watches.key("k", key);
    watches.services(services);
    watches.events(
        new ConsulEventListener() {
          @Override
          public void fired(ConsulEvent event) {
            events.add(event.text());
          }

          @Override
          public void missed() {
            events.add("missed");
          }

          @Override
          public void resumed() {
            events.add("resumed");
          }
        });
    eventually(
        () -> {
          rawOwn.put("event/fire/e", "first");
          assertThat(events).contains("first");
        });
    eventually(() -> assertThat(key.last()).isPresent());
    eventually(() -> assertThat(services.last()).isNotEmpty());

    own.kill();
    eventually(() -> assertThat(key.turns).contains("interrupted"));
    eventually(() -> assertThat(services.turns).contains("interrupted"));
    own.start();
    eventually(() -> assertThat(key.turns).endsWith("resumed"));
    eventually(() -> assertThat(services.turns).endsWith("resumed"));
    eventually(() -> assertThat(events).contains("resumed"));
    rawOwn.put("kv/k", "2");
    eventually(() -> assertThat(key.last().map(ConsulPair::text)).hasValue("2"));
    eventually(
        () -> {
          rawOwn.put("event/fire/e", "second");
          assertThat(events).contains("second");
        });
    assertThat(events).contains("missed");
    // Nothing was invented: neither a key nor a service was ever shown as gone.
    assertThat(key.states).allMatch(Optional::isPresent);
    assertThat(services.states).noneMatch(Map::isEmpty);
  }

  @Test
  @DisplayName("5,000 updates of a key under cuts, one of three listeners slow: none goes back")
  void updates_neverGoBack() {
    FaultProxy proxy = bench.closing(FaultProxy.to(server));
    ConsulWatches watches = open(proxy.port());
    List<Heard<Optional<ConsulPair>>> all = List.of(new Heard<>(), new Heard<>(), new Heard<>());
    watches.key("count", all.get(0));
    watches.key("count", all.get(1));
    CountDownLatch last = new CountDownLatch(1);
    watches.key(
        "count",
        now -> {
          all.get(2).changed(now);
          if (all.get(2).states.size() == 1) {
            try {
              boolean unused = last.await(10, TimeUnit.MINUTES); // slow: until all is over
            } catch (InterruptedException stop) {
              Thread.currentThread().interrupt();
            }
          }
        });
    eventually(() -> all.forEach(heard -> assertThat(heard.states).isNotEmpty()));
    for (int n = 1; n <= 5_000; n++) {
      raw.put("kv/count", Integer.toString(n));
      if (n % 500 == 0) {
        proxy.resetAll();
      }
    }
    last.countDown();
    for (Heard<Optional<ConsulPair>> heard : all) {
      eventually(() -> assertThat(heard.last().map(ConsulPair::text)).hasValue("5000"));
      assertThat(heard.states.stream().map(s -> s.map(p -> Integer.parseInt(p.text())).orElse(0)))
          .isSorted()
          .doesNotHaveDuplicates();
    }
    assertThat(all.get(2).states).hasSizeLessThan(5);
  }

  @Test
  @DisplayName("a closed watch hears nothing more, and leaves no thread")
  void close_isFinal() {
    ConsulWatches watches = ConsulWatches.open("consul://127.0.0.1:" + server.port());
    Heard<Optional<ConsulPair>> heard = new Heard<>();
    Subscription watching = watches.key("closing", heard);
    eventually(() -> assertThat(heard.states).hasSize(1));
    watching.close();
    Heard<Optional<ConsulPair>> other = new Heard<>();
    watches.key("closing", other);
    raw.put("kv/closing", "1");
    eventually(() -> assertThat(other.last()).isPresent());
    assertThat(heard.states).hasSize(1);

    watches.close();
    watches.close();
    assertThatThrownBy(() -> watches.nodes(nodes -> {})).isInstanceOf(RegistryException.class);
    eventually(
        () ->
            assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("rollcall-consul")));
  }

  @Test
  @DisplayName("one watch more than there are connections is refused, and one closed makes room")
  void tooMany_areRefused() {
    ConsulWatches watches = open();
    List<Subscription> open = new ArrayList<>();
    for (int n = 0; n < ConsulWatches.MOST; n++) {
      open.add(watches.key("many/" + n, pair -> {}));
    }
    assertThatThrownBy(() -> watches.key("many/more", pair -> {}))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("at most " + ConsulWatches.MOST);
    open.get(0).close();
    Heard<Optional<ConsulPair>> heard = new Heard<>();
    watches.key("many/more", heard);
    eventually(() -> assertThat(heard.states).hasSize(1));
  }

  @Test
  @DisplayName("names and keys that a URL would change are refused, with the field and the rule")
  void badInput_isRefused() {
    ConsulWatches watches = open();
    for (String key : List.of("", "/a", "a//b", "a/../b", "..", "a\nb", "k".repeat(513))) {
      assertThatThrownBy(() -> watches.key(key, pair -> {}))
          .isInstanceOf(RegistryException.class)
          .hasMessageStartingWith("key: ")
          .hasMessageContaining("(expected: ");
    }
    for (String name : List.of("", " ", "a/b", ".", "..", "a\rb", "n".repeat(254))) {
      assertThatThrownBy(() -> watches.service(name, list -> {}))
          .isInstanceOf(RegistryException.class)
          .hasMessageStartingWith("service: ");
      assertThatThrownBy(() -> ConsulCheckQuery.ofService(name))
          .isInstanceOf(RegistryException.class);
      assertThatThrownBy(() -> watches.events(name, event -> {}))
          .isInstanceOf(RegistryException.class)
          .hasMessageStartingWith("name: ");
    }
    assertThatThrownBy(() -> ConsulWatches.open("etcd://127.0.0.1:2379"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("consul or consuls");
  }

  private static byte[] everyByte() {
    byte[] bytes = new byte[256];
    for (int n = 0; n < bytes.length; n++) {
      bytes[n] = (byte) n;
    }
    return bytes;
  }

  private static void consul(String... arguments) {
    List<String> command = new ArrayList<>(List.of(server.binary().path().toString()));
    // Options follow the verbs: `kv put`, `services register`, but `event`.
    int verbs = arguments[0].equals("event") ? 1 : 2;
    command.addAll(Arrays.asList(arguments).subList(0, verbs));
    command.add("-http-addr=" + server.endpoint());
    command.addAll(Arrays.asList(arguments).subList(verbs, arguments.length));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stop);
    }
  }
}
