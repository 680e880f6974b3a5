package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Absence;
import dev.rollcall.Absence.Reason;
import dev.rollcall.Balancer;
import dev.rollcall.Filter;
import dev.rollcall.Health;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Pick;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Picks of another instance than those that were tried, and why there is none. */
class AttemptsTest extends RegistryFixture {
  private final ServiceView all = registry.service("orders");

  private void load(ServiceInstance... instances) {
    backend.lastWatch().load(instances);
  }

  private static ServiceInstance instance(String id) {
    return Samples.instance(id);
  }

  /** Has each attempt fail, and returns whom they asked. */
  private static List<String> fail(Iterable<Pick> attempts) {
    List<String> asked = new ArrayList<>();
    for (Pick attempt : attempts) {
      try (attempt) {
        asked.add(attempt.instance().id());
        attempt.failed();
      }
    }
    return asked;
  }

  /** As a {@code try} does it: the attempt is closed when the {@code catch} begins. */
  private void failInTheCatch(ServiceInstance other) {
    Pick attempt = all.acquire(List.of(other));
    try (attempt) {
      throw new IOException("refused");
    } catch (IOException refused) {
      attempt.failed();
    }
  }

  private boolean isPicked(String id) {
    return IntStream.range(0, 200).anyMatch(n -> all.pick().id().equals(id));
  }

  @Test
  void attempt_thatFailsInTheCatch_isEjectedForTwiceTheLastTime() {
    load(instance("a"), instance("b"));
    for (int seconds = 1; seconds <= 4; seconds *= 2) {
      failInTheCatch(instance("b"));
      timer.advance(Duration.ofMillis(seconds * 1000L - 100));
      assertThat(isPicked("a")).as("just before %d s", seconds).isFalse();
      timer.advance(Duration.ofMillis(100));
      assertThat(isPicked("a")).as("after %d s", seconds).isTrue();
    }
  }

  static Stream<Balancer> balancers() {
    return Stream.of(
        Balancer.random(),
        Balancer.roundRobin(),
        Balancer.weighted(),
        Balancer.leastLoaded(),
        Balancer.consistentHash(),
        Balancer.sticky(Balancer.random()),
        Balancer.preferZone("", Balancer.random()),
        (now, before) -> () -> 0);
  }

  @ParameterizedTest
  @MethodSource("balancers")
  void attempts_neverAskTheSameTwice_whateverTheBalancer(Balancer balancer) {
    load(instance("a"), instance("b"), instance("c"));
    ServiceView view = all.balancedBy(balancer);
    for (int n = 0; n < 200; n++) {
      assertThat(fail(view.attempts(3))).containsExactlyInAnyOrder("a", "b", "c");
      assertThat(fail(view.attempts(2))).hasSize(2).doesNotHaveDuplicates();
      assertThat(fail(all.attempts(3))).containsExactlyInAnyOrder("a", "b", "c");
    }
  }

  @Test
  void acquire_ofAnother_givesTheOthersTheirChances() {
    load(instance("a"), instance("b"), instance("c"), instance("d"));
    List<ServiceInstance> tried = List.of(instance("a"), Samples.instanceOf("billing", "b"));
    for (ServiceView view : List.of(all, all.balancedBy(Balancer.weighted()))) {
      Map<String, Integer> counts = new HashMap<>();
      for (int n = 0; n < 3_000; n++) {
        try (Pick pick = view.acquire(tried)) {
          counts.merge(pick.instance().id(), 1, Integer::sum);
        }
      }
      assertThat(counts).containsOnlyKeys("b", "c", "d");
      // 12 standard deviations: by chance in no one's lifetime
      assertThat(counts.values()).allSatisfy(count -> assertThat(count).isBetween(700, 1_300));
    }
  }

  private void loadNumbered(int count) {
    load(
        IntStream.range(0, count)
            .mapToObj(n -> instance("i" + n).toBuilder().zone("z" + n % 3).build())
            .toArray(ServiceInstance[]::new));
  }

  /** Takes attempts and has none of them fail. */
  private static List<String> ask(Iterable<Pick> attempts) {
    List<String> asked = new ArrayList<>();
    attempts.forEach(
        attempt -> {
          asked.add(attempt.instance().id());
          attempt.close();
        });
    return asked;
  }

  @ParameterizedTest
  @MethodSource("balancers")
  void attemptsByKey_neverAskTheSameTwice_whateverTheBalancer(Balancer balancer) {
    load(instance("a"), instance("b"), instance("c"));
    ServiceView view = all.balancedBy(balancer);
    for (int n = 0; n < 200; n++) {
      assertThat(fail(view.attempts("key " + n, 3))).containsExactlyInAnyOrder("a", "b", "c");
      assertThat(fail(view.attempts((long) n, 2))).hasSize(2).doesNotHaveDuplicates();
      assertThat(fail(all.attempts("key " + n, 3))).containsExactlyInAnyOrder("a", "b", "c");
    }
  }

  @Test
  void attemptsByKey_goOnAlongTheCircle() {
    loadNumbered(10);
    ServiceView circle = all.balancedBy(Balancer.consistentHash());
    for (int n = 0; n < 300; n++) {
      String key = "key " + n;
      List<String> asked = ask(circle.attempts(key, 10));
      assertThat(asked).hasSize(10).doesNotHaveDuplicates();
      assertThat(asked.get(0)).isEqualTo(circle.pick(key).id());
      if (n < 20) { // where the key belongs once those that were tried have gone
        ServiceView rest = all.where(one -> !asked.subList(0, 3).contains(one.id()));
        assertThat(rest.balancedBy(Balancer.consistentHash()).pick(key).id())
            .isEqualTo(asked.get(3));
      }
      assertThat(ask(circle.attempts((long) n, 2)).get(0)).isEqualTo(circle.pick((long) n).id());
    }
  }

  @Test
  void attemptsByKey_spreadOverTheOthers() {
    loadNumbered(5);
    ServiceView circle = all.balancedBy(Balancer.consistentHash());
    Map<String, Integer> second = new HashMap<>();
    for (int n = 0; n < 10_000; n++) {
      List<String> asked = ask(circle.attempts("key " + n, 2));
      if (asked.get(0).equals("i0")) {
        second.merge(asked.get(1), 1, Integer::sum);
      }
    }
    assertThat(second).containsOnlyKeys("i1", "i2", "i3", "i4");
    assertThat(second.values()).allSatisfy(count -> assertThat(count).isGreaterThan(150));
  }

  static Stream<Balancer> balancersWithKeys() {
    return Stream.of(
        Balancer.consistentHash(),
        Balancer.sticky(Balancer.random()),
        Balancer.preferZone("z1", Balancer.consistentHash()),
        Balancer.slowStart(Duration.ofMinutes(1), Balancer.consistentHash()));
  }

  @ParameterizedTest
  @MethodSource("balancersWithKeys")
  void attemptsByKey_areTheSameEachTime_andInEachView(Balancer balancer) {
    loadNumbered(7);
    ServiceView view = all.balancedBy(balancer);
    List<String> asked = ask(view.attempts("key", 7));
    assertThat(asked).hasSize(7).doesNotHaveDuplicates();
    assertThat(ask(view.attempts("key", 7))).isEqualTo(asked);
    boolean stays = balancer instanceof Sticky; // each view with one of its own
    if (!stays) {
      assertThat(ask(all.balancedBy(balancer).attempts("key", 7))).isEqualTo(asked);
    }
    String gone = asked.get(6);
    load(
        all.instances().stream()
            .filter(one -> !one.id().equals(gone))
            .toArray(ServiceInstance[]::new));
    if (stays) {
      assertThat(ask(view.attempts("key", 7))).isEqualTo(asked.subList(0, 6));
    }
    assertThat(ask(view.attempts("key", 7)).subList(0, 3)).isEqualTo(asked.subList(0, 3));
  }

  @Test
  void attemptsByKey_thatFail_goWhereOnesThatDoNotWouldHaveGone() {
    loadNumbered(9);
    ServiceView circle = all.balancedBy(Balancer.consistentHash());
    for (String key : List.of("a", "b", "c")) {
      List<String> asked = ask(circle.attempts(key, 3));
      assertThat(fail(circle.attempts(key, 3))).isEqualTo(asked);
      timer.advance(Duration.ofMinutes(1)); // nobody is ejected any more
    }
  }

  @Test
  void attemptByKey_whereAllOthersAreEjectedOrTried_saysSo() {
    load(instance("a"), instance("b"));
    ServiceView circle = all.balancedBy(Balancer.consistentHash());
    ServiceInstance first = circle.pick("key");
    ServiceInstance other = instance(first.id().equals("a") ? "b" : "a");
    all.failed(other);
    try (Pick pick = circle.acquire("key", List.of(first))) {
      assertThat(pick.instance()).isEqualTo(other);
    }
    assertThatThrownBy(() -> circle.acquire("key", List.of(first, other)))
        .isInstanceOfSatisfying(
            NoInstanceException.class, e -> assertThat(e.why().reason()).isEqualTo(Reason.TRIED));
    assertThatThrownBy(() -> circle.attempts(null, 2))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("key");
  }

  @Test
  void acquire_ofNoneTried_isAnyOne() {
    load(instance("a"));
    try (Pick pick = all.acquire(List.of())) {
      assertThat(pick.instance()).isEqualTo(instance("a"));
    }
    assertThatThrownBy(() -> all.acquire(null)).isInstanceOf(RegistryException.class);
  }

  @Test
  void attempts_countAsInFlight_untilEachIsClosed() {
    load(instance("a"), instance("b"));
    List<Integer> inFlight = new ArrayList<>();
    ServiceView view =
        all.balancedBy(
            (now, before) ->
                () -> {
                  inFlight.add(IntStream.range(0, now.size()).map(now::inFlight).sum());
                  return 0;
                });
    Iterator<Pick> attempts = view.attempts(2).iterator();
    Pick first = attempts.next();
    Pick second = attempts.next();
    first.close();
    Pick third = view.acquire();
    second.close();
    third.close();
    view.acquire().close();
    assertThat(inFlight).startsWith(0, 1).endsWith(1, 0);
  }

  @Test
  void attempts_eject_whomTheyHaveFailedWith() {
    load(instance("a"), instance("b"), instance("c"));
    for (Pick attempt : all.attempts(2)) {
      try (attempt) {
        attempt.failed();
        break;
      }
    }
    assertThat(all.snapshot().instances()).hasSize(3);
    assertThat(((ViewSnapshot) all.snapshot()).eligible()).hasSize(2);
  }

  @Test
  void attempts_askWhoIsEjected_last() {
    load(instance("a"), instance("b"), instance("c"));
    all.failed(instance("b"));
    for (ServiceView view : List.of(all, all.balancedBy(Balancer.roundRobin()))) {
      for (int n = 0; n < 50; n++) {
        List<String> asked = new ArrayList<>();
        for (Pick attempt : view.attempts(5)) {
          asked.add(attempt.instance().id());
          attempt.close();
        }
        assertThat(asked).hasSize(3).endsWith("b");
      }
    }
  }

  @Test
  void attempts_beginAnewWithEachLoop_andTakeNothingBeforeTheyAreAsked() {
    load(instance("a"));
    Iterable<Pick> attempts = all.attempts(2);
    for (int n = 0; n < 2; n++) {
      Iterator<Pick> loop = attempts.iterator();
      assertThat(loop.hasNext()).isTrue();
      assertThat(loop.hasNext()).isTrue();
      loop.next().close();
      assertThat(loop.hasNext()).isFalse();
      assertThatThrownBy(loop::next)
          .isInstanceOfSatisfying(
              NoInstanceException.class, e -> assertThat(e.why().reason()).isEqualTo(Reason.TRIED))
          .hasMessage("no other passing instance of orders: 1 known, 1 passing, 1 tried (live)");
    }
    Iterator<Pick> one = all.attempts(1).iterator();
    one.next().close();
    assertThatThrownBy(one::next).isInstanceOf(NoSuchElementException.class);
    assertThatThrownBy(() -> all.attempts(0))
        .isInstanceOf(RegistryException.class)
        .hasMessage("attempts: 0 (expected: 1 or more)");
  }

  @Test
  void firstAttempt_ofNobody_saysWhy() {
    Iterator<Pick> attempts = all.attempts(3).iterator();
    assertThat(attempts.hasNext()).isTrue();
    assertThatThrownBy(attempts::next)
        .isInstanceOfSatisfying(
            NoInstanceException.class,
            e -> assertThat(e.why().reason()).isEqualTo(Reason.NOT_LOADED));
    load();
    assertThatThrownBy(() -> all.acquire(List.of(instance("a"))))
        .isInstanceOfSatisfying(
            NoInstanceException.class,
            e -> assertThat(e.why().reason()).isEqualTo(Reason.NOT_REGISTERED));
  }

  private static void explains(ServiceView view, Reason reason, String text) {
    assertThat(view.snapshot().explain()).contains(new Absence(reason, text));
    assertThatThrownBy(view::pick)
        .isInstanceOfSatisfying(
            NoInstanceException.class,
            e -> assertThat(e.why()).isEqualTo(view.snapshot().explain().orElseThrow()))
        .hasMessage(text);
  }

  @Test
  void explain_saysWhyThereIsNothingToPick() {
    ServiceView canary = all.where(Filter.tag("canary"));
    explains(
        canary,
        Reason.NOT_LOADED,
        "no passing instance of orders: 0 known, 0 critical, 0 warning (loading)");
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("no route", null));
    explains(
        all,
        Reason.NOT_LOADED,
        "no passing instance of orders: 0 known, 0 critical, 0 warning (not loaded yet: no route)");
    load();
    explains(
        all,
        Reason.NOT_REGISTERED,
        "no passing instance of orders: 0 known, 0 critical, 0 warning (live)");
    load(Samples.instance("a", Health.WARNING));
    explains(
        all,
        Reason.NONE_PASSING,
        "no passing instance of orders: 1 known, 0 critical, 1 warning (live)");
    explains(
        canary,
        Reason.FILTERED,
        "no passing instance of orders: the filter selects none of 1 (live)");
    load(instance("a"), instance("b"), instance("c").toBuilder().tag("canary").build());
    assertThat(all.snapshot().explain()).isEmpty();
    assertThat(canary.snapshot().explain()).isEmpty();
    canary.failed(instance("c"));
    explains(
        canary, Reason.EJECTED, "no instance of orders to pick: all 1 passing are ejected (live)");
    assertThat(canary.instances()).hasSize(1);
    try (Pick pick = canary.acquire(List.of())) {
      assertThat(pick.instance().id()).isEqualTo("c");
    }
    load(Samples.instance("a", Health.CRITICAL));
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("cut", null));
    explains(
        all,
        Reason.NONE_PASSING,
        "no passing instance of orders: 1 known, 1 critical, 0 warning"
            + " (Stale[age=PT0S, cause=cut])");
  }
}
