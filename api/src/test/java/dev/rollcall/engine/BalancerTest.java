package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Balancer;
import dev.rollcall.Filter;
import dev.rollcall.Health;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Pick;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/**
 * Distributions are tested by Pearson's chi-squared at a level of one in a hundred thousand: a
 * right balancer fails a test of this class about once in a thousand years of hourly builds.
 */
class BalancerTest extends RegistryFixture {
  private static final int PICKS = 200_000;

  private ServiceView view(int count, IntFunction<ServiceInstance> instances) {
    ServiceView view = registry.service("orders");
    load(count, instances);
    return view;
  }

  private void load(int count, IntFunction<ServiceInstance> instances) {
    List<ServiceInstance> list = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      list.add(instances.apply(n));
    }
    backend.lastWatch().load(list.toArray(new ServiceInstance[0]));
  }

  private static ServiceInstance numbered(int n) {
    return Samples.instance("i" + (char) ('a' + n), 1000 + n);
  }

  private static ServiceInstance weighing(int n, int weight) {
    return numbered(n).toBuilder().weight(weight).build();
  }

  private static ServiceInstance in(int n, String zone) {
    return numbered(n).toBuilder().zone(zone).build();
  }

  private static int[] counts(ServiceView view, int size) {
    int[] counts = new int[size];
    for (int n = 0; n < PICKS; n++) {
      counts[view.pick().port() - 1000]++;
    }
    return counts;
  }

  /** Bounds by Wilson and Hilferty's approximation of the chi-squared distribution. */
  private static void assertShares(int[] counts, double... shares) {
    double sum = 0;
    double all = 0;
    for (double share : shares) {
      all += share;
    }
    int picks = 0;
    for (int count : counts) {
      picks += count;
    }
    int cells = 0;
    for (int n = 0; n < counts.length; n++) {
      double expected = picks * shares[n] / all;
      if (expected == 0) {
        assertThat(counts[n]).isZero();
      } else {
        sum += (counts[n] - expected) * (counts[n] - expected) / expected;
        cells++;
      }
    }
    double freedom = Math.max(1, cells - 1);
    double bound =
        freedom * Math.pow(1 - 2 / (9 * freedom) + 4.265 * Math.sqrt(2 / (9 * freedom)), 3);
    assertThat(sum).as("chi-squared of %s", Arrays.toString(counts)).isLessThan(bound);
  }

  private static double[] even(int size) {
    double[] shares = new double[size];
    Arrays.fill(shares, 1);
    return shares;
  }

  @Test
  void withoutABalancer_allAlike() {
    assertShares(counts(view(7, BalancerTest::numbered), 7), even(7));
    assertShares(counts(registry.service("orders").balancedBy(Balancer.random()), 7), even(7));
  }

  @Test
  void roundRobin_goesRoundInEachThread() throws Exception {
    ServiceView view = view(5, BalancerTest::numbered).balancedBy(Balancer.roundRobin());
    int first = view.pick().port();
    for (int n = 1; n < 100; n++) {
      assertThat(view.pick().port()).isEqualTo(1000 + (first - 1000 + n) % 5);
    }
    int[] together = new int[5];
    CountDownLatch done = new CountDownLatch(4);
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                int[] mine = counts(view, 5);
                synchronized (together) {
                  for (int n = 0; n < 5; n++) {
                    together[n] += mine[n];
                  }
                }
                done.countDown();
              });
      thread.start();
    }
    done.await();
    for (int count : together) {
      assertThat(count / (4 * PICKS / 5.0)).isBetween(0.95, 1.05);
    }
  }

  @Test
  void roundRobin_keepsItsTurnWhenInstancesComeAndGo() {
    ServiceView view = view(5, BalancerTest::numbered).balancedBy(Balancer.roundRobin());
    for (int size : new int[] {3, 8, 1, 5}) {
      load(size, BalancerTest::numbered);
      int[] counts = new int[size];
      for (int n = 0; n < 10 * size; n++) {
        counts[view.pick().port() - 1000]++;
      }
      assertThat(counts).containsOnly(10);
    }
  }

  @Test
  void weighted_asTheWeightsSay() {
    int[] weights = {0, 1, 2, 3, 10, 100, 7};
    ServiceView view = view(7, n -> weighing(n, weights[n])).balancedBy(Balancer.weighted());
    assertShares(counts(view, 7), 0, 1, 2, 3, 10, 100, 7);
    load(4, n -> weighing(n, 0));
    assertShares(counts(view, 4), even(4));
    load(3, n -> weighing(n, Integer.MAX_VALUE));
    assertShares(counts(view, 3), even(3));
    load(2, n -> weighing(n, n));
    assertShares(counts(view, 2), 0, 1);
    load(4, n -> weighing(n, 500 * n));
    assertShares(counts(view, 4), 0, 1, 2, 3);
  }

  @Test
  void smallWeights_haveASlotForEachUnit() {
    for (int[] weights : new int[][] {{1, 0, 2, 5}, {1000, 0, 2000, 5000}}) {
      WeightedSlots slots = WeightedSlots.of(weights);
      int[] counts = new int[4];
      for (int n = 0; n < PICKS; n++) {
        counts[slots.pick()]++;
      }
      assertShares(counts, 1, 0, 2, 5);
    }
    int[] many = new int[256];
    Arrays.fill(many, 8);
    many[0] = 7;
    assertThat(WeightedSlots.of(many)).isNotNull();
    assertThat(WeightedSlots.of(new int[] {1, 16})).isNull();
    assertThat(WeightedSlots.of(Arrays.copyOf(many, 257))).isNull();
    assertThat(WeightedSlots.of(new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE - 1})).isNull();
  }

  @Test
  void leastLoaded_prefersTheIdle() {
    ServiceView view = view(4, BalancerTest::numbered).balancedBy(Balancer.leastLoaded());
    assertShares(counts(view, 4), even(4));
    List<Pick> open = new ArrayList<>();
    for (int n = 0; n < 400; n++) {
      open.add(view.acquire());
    }
    int[] inFlight = new int[4];
    open.forEach(pick -> inFlight[pick.instance().port() - 1000]++);
    for (int count : inFlight) {
      assertThat(count).isBetween(90, 110);
    }
    // Who has none in flight is chosen whenever he is one of the two: 1/2 of all picks.
    open.stream().filter(pick -> pick.instance().port() == 1002).forEach(Pick::close);
    int[] counts = counts(view, 4);
    assertThat(counts[2] / (double) PICKS).isBetween(0.48, 0.52);
    open.forEach(Pick::close);
    open.forEach(Pick::close); // a second close counts for nothing
    assertShares(counts(view, 4), even(4));
  }

  @Test
  void consistentHash_isEven_andMovesOnlyWhatItMust() {
    ServiceView view = view(10, BalancerTest::numbered).balancedBy(Balancer.consistentHash());
    int keys = 100_000;
    int[] before = new int[keys];
    int[] counts = new int[11];
    for (int k = 0; k < keys; k++) {
      before[k] = view.pick("customer-" + k).port() - 1000;
      assertThat(view.pick("customer-" + k).port() - 1000).isEqualTo(before[k]);
      counts[before[k]]++;
    }
    for (int n = 0; n < 10; n++) {
      assertThat(counts[n]).isBetween(keys / 10 / 2, keys / 10 * 2);
    }
    load(11, BalancerTest::numbered);
    int moved = 0;
    for (int k = 0; k < keys; k++) {
      int now = view.pick("customer-" + k).port() - 1000;
      if (now != before[k]) {
        assertThat(now).isEqualTo(10);
        moved++;
      }
    }
    assertThat(moved).isBetween(keys / 11 / 2, keys / 11 * 2);
    load(9, BalancerTest::numbered);
    for (int k = 0; k < keys; k++) {
      int now = view.pick("customer-" + k).port() - 1000;
      if (before[k] != 9) {
        assertThat(now).isEqualTo(before[k]);
      }
    }
    assertShares(counts(view, 9), even(9));
    assertThat(view.pick(7L)).isEqualTo(view.pick(7L));
    assertThat(view.pick(Integer.valueOf(7))).isEqualTo(view.pick(Integer.valueOf(7)));
  }

  /** The same in every process and in every version: clients of one ring must agree. */
  @Test
  void keyHash_isTheOneThatWasPublished() {
    assertThat(KeyHash.ofText("orders", 0)).isEqualTo(KeyHash.of("orders"));
    assertThat(List.of(KeyHash.of(""), KeyHash.of("orders"), KeyHash.mix(1)))
        .doesNotHaveDuplicates();
    assertThat(KeyHash.mix(1)).isEqualTo(0x5692161d100b05e5L);
  }

  @Test
  void sticky_staysUntilGone() {
    ServiceView view =
        view(5, BalancerTest::numbered).balancedBy(Balancer.sticky(Balancer.random()));
    int held = view.pick().port();
    load(8, BalancerTest::numbered);
    for (int n = 0; n < 100; n++) {
      assertThat(view.pick().port()).isEqualTo(held);
    }
    load(5, n -> n == held - 1000 ? numbered(n).withHealth(Health.CRITICAL) : numbered(n));
    int next = view.pick().port();
    assertThat(next).isNotEqualTo(held);
    load(5, BalancerTest::numbered);
    assertThat(view.pick().port()).isEqualTo(next);
  }

  @Test
  void preferZone_staysAsFarAsItCan_andOverflows() {
    Balancer here = Balancer.preferZone("here", Balancer.random());
    // Half of all instances for one zone of two: all stay.
    ServiceView view = view(6, n -> in(n, n < 3 ? "here" : "there")).balancedBy(here);
    assertShares(counts(view, 6), 1, 1, 1, 0, 0, 0);
    // One of six for one zone of two can carry a third; the others share what is left.
    load(6, n -> in(n, n < 1 ? "here" : "there"));
    double rest = 2 / 3.0 / 5;
    assertShares(counts(view, 6), 1 / 3.0, rest, rest, rest, rest, rest);
    // Nobody here: all go elsewhere.
    load(6, n -> in(n, "there"));
    assertShares(counts(view, 6), even(6));
    // A key stays where it is.
    ServiceView keyed =
        registry
            .service("orders")
            .balancedBy(Balancer.preferZone("here", Balancer.consistentHash()));
    load(6, n -> in(n, n < 1 ? "here" : "there"));
    int home = 0;
    for (int k = 0; k < 10_000; k++) {
      ServiceInstance chosen = keyed.pick("k" + k);
      assertThat(keyed.pick("k" + k)).isEqualTo(chosen);
      home += chosen.zone().equals("here") ? 1 : 0;
    }
    assertThat(home / 10_000.0).isBetween(0.3, 0.37);
  }

  @Test
  void slowStart_growsTheShareOfTheNew() {
    ServiceView view =
        view(4, BalancerTest::numbered)
            .balancedBy(Balancer.slowStart(Duration.ofSeconds(100), Balancer.random()));
    assertShares(counts(view, 4), even(4)); // who was there at the beginning is not new
    load(5, BalancerTest::numbered);
    double young = counts(view, 5)[4] / (double) PICKS;
    assertThat(young).isBetween(0.015, 0.04); // a tenth of a fifth, and a little from the retries
    timer.advance(Duration.ofSeconds(50));
    double grown = counts(view, 5)[4] / (double) PICKS;
    assertThat(grown).isBetween(0.09, 0.16);
    timer.advance(Duration.ofSeconds(50));
    assertShares(counts(view, 5), even(5));
    load(2, n -> numbered(n + 5)); // all are new: somebody has to do the work
    assertThat(view.pick().port()).isGreaterThanOrEqualTo(1005);
  }

  @Test
  void balancersOfTheUsersOwn_andWhatTheyThrow() {
    ServiceView view = view(3, BalancerTest::numbered);
    ServiceView last = view.balancedBy((now, before) -> () -> now.size() - 1);
    assertThat(last.pick().port()).isEqualTo(1002);
    ServiceView broken =
        view.balancedBy(
            (now, before) -> {
              throw new IllegalStateException("on purpose");
            });
    assertThatThrownBy(broken::pick).isInstanceOf(NoInstanceException.class);
    load(4, BalancerTest::numbered);
    assertThat(last.pick().port()).isEqualTo(1003);
    assertThat(view.instances()).hasSize(4);
  }

  @Test
  void nobody_isSaid_byEveryPick() {
    ServiceView view = view(1, n -> numbered(n).withHealth(Health.WARNING));
    for (ServiceView some :
        List.of(view, view.balancedBy(Balancer.weighted()), view.where(Filter.tag("v2")))) {
      assertThatThrownBy(some::pick).isInstanceOf(NoInstanceException.class);
      assertThatThrownBy(() -> some.pick("k")).isInstanceOf(NoInstanceException.class);
      assertThatThrownBy(() -> some.pick(1)).isInstanceOf(NoInstanceException.class);
      assertThatThrownBy(some::acquire).isInstanceOf(NoInstanceException.class);
    }
  }
}
