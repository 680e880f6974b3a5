package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rollcall.kv.Bytes;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.ManualTimer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SessionsTest {
  private static final Bytes VALUE = Bytes.ofText("v");

  private final ManualTimer timer = new ManualTimer();
  private final CatalogIndex catalog = new CatalogIndex(1);
  private final String store = "memory:" + UUID.randomUUID();
  private final MemoryBudget memory = new MemoryBudget("memory", 64 << 20);
  private final KeyValues keys =
      new KeyValues(
          catalog,
          BackendProviders.openKeyValue(store, timer),
          1,
          true,
          new StoreContact(BackendProviders.open(store, timer), timer, true).keys(),
          new KeyQuota(memory),
          new Changes(false));
  private final Sessions sessions = new Sessions(catalog, keys, timer);

  @BeforeEach
  void start() {
    catalog.write(
        to -> {
          to.putNode(new CatalogNode("", "n1", "127.0.0.1", Map.of(), Map.of(), 0, 0));
          to.putCheck(check(CatalogCheck.PASSING));
        });
    keys.start();
  }

  @AfterEach
  void close() {
    sessions.close();
    keys.close();
    timer.close();
  }

  private static CatalogCheck check(String status) {
    return new CatalogCheck("n1", "serfHealth", "", status, "", "", "", "", List.of(), "", 0, 0);
  }

  private Session session(String body) {
    JsonNode json = Json.parse(body.getBytes(StandardCharsets.UTF_8));
    Session asked = Session.of(Fields.of(json), UUID.randomUUID().toString(), "n1");
    return sessions.create(asked, memory.take("a", Weight.of(asked)));
  }

  private boolean acquires(Session session, String key) {
    return now(sessions.acquire(key, session.id(), VALUE, 0));
  }

  private static <T> T now(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
  }

  private String holder(String key) {
    return keys.get(key).pairs().get(0).lock().holder();
  }

  @Test
  void withoutRenewal_endsAfterTwoTtls_notEarlier() {
    Session session = session("{\"TTL\":\"10s\",\"LockDelay\":\"0s\"}");
    assertThat(acquires(session, "k")).isTrue();

    timer.advance(Duration.ofSeconds(19));
    assertThat(sessions.get(session.id())).contains(session);
    assertThat(holder("k")).isEqualTo(session.id());

    timer.advance(Duration.ofSeconds(2));
    assertThat(sessions.get(session.id())).isEmpty();
    assertThat(sessions.renew(session.id())).isEmpty();
    assertThat(holder("k")).isEmpty();
    assertThat(keys.get("k").pairs()).hasSize(1);
  }

  @Test
  void renewed_livesOn() {
    Session session = session("{\"TTL\":\"10s\"}");
    for (int i = 0; i < 10; i++) {
      timer.advance(Duration.ofSeconds(15));
      assertThat(sessions.renew(session.id())).contains(session);
    }
    timer.advance(Duration.ofSeconds(21));
    assertThat(sessions.list()).isEmpty();
  }

  @Test
  void withoutTtl_livesOn() {
    Session session = session("{}");

    timer.advance(Duration.ofMinutes(10));

    assertThat(sessions.list()).containsExactly(session);
  }

  @Test
  void pauseOfTheProcess_endsNobody() {
    Session session = session("{\"TTL\":\"10s\"}");

    timer.jump(Duration.ofMinutes(10));
    assertThat(sessions.list()).containsExactly(session);
    timer.advance(Duration.ofSeconds(21));
    assertThat(sessions.list()).isEmpty();
  }

  @Test
  void end_deletesWhatItHeld_ifItSaysSo() {
    Session session = session("{\"TTL\":\"10s\",\"Behavior\":\"delete\"}");
    assertThat(acquires(session, "a")).isTrue();
    assertThat(acquires(session, "b")).isTrue();
    now(keys.put("c", VALUE, 0));

    timer.advance(Duration.ofSeconds(21));

    assertThat(keys.list("").pairs()).extracting(pair -> pair.entry().key()).containsExactly("c");
  }

  @Test
  void end_keepsOthersOutForTheDelay() {
    Session first = session("{\"TTL\":\"10s\",\"LockDelay\":\"30s\"}");
    Session second = session("{}");
    assertThat(acquires(first, "k")).isTrue();

    timer.advance(Duration.ofSeconds(21));
    assertThat(acquires(second, "k")).isFalse();
    assertThat(acquires(second, "other")).isTrue();
    timer.advance(Duration.ofSeconds(28));
    assertThat(acquires(second, "k")).isFalse();
    timer.advance(Duration.ofSeconds(3));
    assertThat(acquires(second, "k")).isTrue();
  }

  @Test
  void delay_isAMinuteAtMost() {
    Session first = session("{\"LockDelay\":\"1h\"}");
    Session second = session("{}");
    assertThat(acquires(first, "k")).isTrue();
    now(sessions.destroy(first.id()));

    timer.advance(Duration.ofSeconds(59));
    assertThat(acquires(second, "k")).isFalse();
    timer.advance(Duration.ofSeconds(2));
    assertThat(acquires(second, "k")).isTrue();
  }

  @Test
  void release_byTheHolder_needsNoDelay() {
    Session first = session("{}");
    Session second = session("{}");
    assertThat(acquires(first, "k")).isTrue();
    assertThat(now(keys.release("k", second.id(), VALUE, 0))).isFalse();
    assertThat(now(keys.release("k", "", VALUE, 0))).isFalse();
    assertThat(now(keys.release("k", first.id(), VALUE, 0))).isTrue();
    assertThat(acquires(second, "k")).isTrue();
  }

  @Test
  void lockIndex_countsTheTimesThatItChangedHands() {
    Session first = session("{}");
    for (int i = 1; i <= 3; i++) {
      assertThat(acquires(first, "k")).isTrue();
      assertThat(acquires(first, "k")).isTrue();
      now(keys.put("k", VALUE, 0));
      assertThat(keys.get("k").pairs().get(0).lock()).isEqualTo(new KeyValues.Lock(first.id(), i));
      now(keys.release("k", first.id(), VALUE, 0));
      assertThat(keys.get("k").pairs().get(0).lock()).isEqualTo(new KeyValues.Lock("", i));
    }
  }

  @Test
  void critical_orGoneCheck_orGoneNode_endsIt() {
    Session first = session("{}");
    catalog.write(to -> to.putCheck(check(CatalogCheck.CRITICAL)));
    timer.advance(Duration.ofSeconds(1));
    assertThat(sessions.get(first.id())).isEmpty();
    assertThatThrownBy(() -> session("{}"))
        .hasMessage("500: Check 'serfHealth' is in critical state");

    catalog.write(to -> to.putCheck(check(CatalogCheck.WARNING)));
    Session second = session("{}");
    Session third = session("{\"NodeChecks\":[]}");
    timer.advance(Duration.ofSeconds(1));
    assertThat(sessions.list()).hasSize(2);
    catalog.write(to -> to.removeCheck("n1", "serfHealth"));
    timer.advance(Duration.ofSeconds(1));
    assertThat(sessions.get(second.id())).isEmpty();
    assertThat(sessions.get(third.id())).contains(third);
    catalog.write(to -> to.removeNode("n1"));
    timer.advance(Duration.ofSeconds(1));
    assertThat(sessions.list()).isEmpty();
  }

  @Test
  void atTheSameTime_oneHolds() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 200; round++) {
        String key = "k" + round;
        List<Session> rivals =
            List.of(
                session("{\"LockDelay\":\"0s\"}"),
                session("{\"LockDelay\":\"0s\",\"Behavior\":\"delete\"}"),
                session("{\"LockDelay\":\"0s\"}"),
                session("{\"LockDelay\":\"0s\"}"));
        // The second goes while all of them try.
        AtomicInteger holders = new AtomicInteger();
        List<CompletableFuture<Void>> all =
            Stream.concat(
                    rivals.stream()
                        .filter(rival -> !rival.deletes())
                        .map(
                            rival ->
                                CompletableFuture.runAsync(
                                    () -> {
                                      if (acquires(rival, key)) {
                                        holders.incrementAndGet();
                                      }
                                    },
                                    threads)),
                    Stream.of(
                        CompletableFuture.runAsync(
                            () -> {
                              try {
                                acquires(rivals.get(1), key);
                              } catch (CompletionException ended) {
                                assertThat(ended).hasMessageContaining("invalid session");
                              }
                            },
                            threads),
                        CompletableFuture.runAsync(
                            () -> now(sessions.destroy(rivals.get(1).id())), threads)))
                .toList();
        for (CompletableFuture<Void> each : all) {
          each.get(60, TimeUnit.SECONDS);
        }
        assertThat(holders.get()).isLessThanOrEqualTo(1);
        List<KeyValues.Pair> shown = keys.get(key).pairs();
        if (holders.get() == 1) {
          assertThat(rivals).extracting(Session::id).contains(shown.get(0).lock().holder());
        } else {
          assertThat(shown).isEmpty();
        }
        rivals.forEach(rival -> now(sessions.destroy(rival.id())));
        assertThat(sessions.list()).isEmpty();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void tooMany_isRefused() {
    for (int i = 0; i < Sessions.MOST; i++) {
      session("{}");
    }
    assertThatThrownBy(() -> session("{}")).hasMessageStartingWith("429: too many sessions");
  }
}
