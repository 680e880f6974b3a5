package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Balancer;
import dev.rollcall.Change;
import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.Pick;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.InstanceEvent;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Views with filters, and the ejection of who has failed. */
class DerivedViewTest extends RegistryFixture {
  private final ServiceView all = registry.service("orders");

  private void load(ServiceInstance... instances) {
    backend.lastWatch().load(instances);
  }

  private static ServiceInstance tagged(String id, String... tags) {
    return Samples.instance(id).toBuilder().tags(List.of(tags)).build();
  }

  private static List<String> ids(List<ServiceInstance> instances) {
    return instances.stream().map(ServiceInstance::id).toList();
  }

  private static Set<String> picked(ServiceView view) {
    Set<String> ids = new TreeSet<>();
    for (int n = 0; n < 500; n++) {
      ids.add(view.pick().id());
    }
    return ids;
  }

  @Test
  void filters_selectByTagMetadataAndZone() {
    ServiceInstance a = tagged("a", "v1").toBuilder().metadata("tier", "gold").build();
    ServiceInstance b = tagged("b", "v2").toBuilder().zone("eu-1").build();
    ServiceInstance c = tagged("c", "v1", "v2").toBuilder().zone("eu-1").build();
    load(a, b, c);
    assertThat(ids(all.where(Filter.tag("v2")).instances())).containsExactly("b", "c");
    assertThat(ids(all.where(Filter.metadata("tier", "gold")).instances())).containsExactly("a");
    assertThat(ids(all.where(Filter.zone("eu-1")).instances())).containsExactly("b", "c");
    assertThat(ids(all.where(Filter.zone("eu-1").and(Filter.tag("v1"))).instances()))
        .containsExactly("c");
    assertThat(ids(all.where(Filter.tag("v1").negate()).instances())).containsExactly("b");
    assertThat(ids(all.where(Filter.zone("").or(Filter.tag("v2"))).instances())).hasSize(3);
    assertThat(
            ids(
                all.where(Filter.tag("v2"))
                    .balancedBy(Balancer.weighted())
                    .where(Filter.tag("v1"))
                    .instances()))
        .containsExactly("c");
    assertThatThrownBy(() -> Filter.metadata("no key", "x")).isInstanceOf(RegistryException.class);
  }

  @Test
  void filteredView_followsItsService_andTellsItsListenersTheirOwnDifferences() {
    ServiceView canary = all.where(Filter.tag("canary"));
    List<Change> heard = new ArrayList<>();
    canary.watch(heard::add);
    load(tagged("a"), tagged("b", "canary"));
    assertThat(ids(heard.get(0).added())).containsExactly("b");

    backend.lastWatch().sink.apply(List.of(new InstanceEvent.Put(tagged("c"))), 2);
    assertThat(heard).hasSize(1);
    backend.lastWatch().sink.apply(List.of(new InstanceEvent.Put(tagged("a", "canary"))), 3);
    assertThat(ids(heard.get(1).added())).containsExactly("a");
    assertThat(ids(canary.instances())).containsExactly("a", "b");
    backend.lastWatch().sink.apply(List.of(new InstanceEvent.Put(tagged("b"))), 4);
    assertThat(ids(heard.get(2).removed())).containsExactly("b");
    assertThat(canary.snapshot().version()).isEqualTo(all.snapshot().version());

    backend.lastWatch().sink.interrupted(RegistryException.unavailable("cut", null));
    assertThat(canary.snapshot().freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(ids(canary.instances())).containsExactly("a");
  }

  @Test
  void derivedView_thatNobodyKeeps_isForgotten() {
    load(tagged("a"));
    int[] asked = new int[1];
    WeakReference<ServiceView> forgotten =
        new WeakReference<>(
            all.where(
                instance -> {
                  asked[0]++;
                  return true;
                }));
    await()
        .until(
            () -> {
              System.gc();
              return forgotten.get() == null;
            });
    int before = asked[0];
    load(tagged("a"), tagged("b"));
    assertThat(asked[0]).isEqualTo(before);
  }

  @Test
  void await_ofADerivedView_givesItsState() {
    ServiceView some = all.where(Filter.tag("x"));
    load(tagged("a"), tagged("b", "x"));
    assertThat(ids(some.await(Duration.ofSeconds(1)).instances())).containsExactly("b");
  }

  @Test
  void failed_isLeftOutForAWhile_thenForTwiceAsLong_untilItServesWell() {
    load(tagged("a"), tagged("b"), tagged("c"));
    ServiceView least = all.balancedBy(Balancer.leastLoaded());
    for (int seconds : new int[] {1, 2, 4}) {
      all.failed(tagged("a"));
      for (ServiceView view : List.of(all, least)) {
        assertThat(picked(view)).containsExactly("b", "c");
        assertThat(ids(view.instances())).containsExactly("a", "b", "c");
      }
      timer.advance(Duration.ofSeconds(seconds).minusMillis(1));
      assertThat(picked(all)).containsExactly("b", "c");
      timer.advance(Duration.ofMillis(1));
      assertThat(picked(all)).containsExactly("a", "b", "c");
      assertThat(picked(least)).containsExactly("a", "b", "c");
    }
    Pick good = acquire("a");
    good.close();
    try (Pick bad = acquire("a")) {
      bad.failed();
    }
    assertThat(picked(all)).containsExactly("b", "c");
    timer.advance(Duration.ofSeconds(1));
    assertThat(picked(all)).containsExactly("a", "b", "c");
  }

  private Pick acquire(String id) {
    for (int n = 0; n < 10_000; n++) {
      Pick pick = all.acquire();
      if (pick.instance().id().equals(id)) {
        return pick;
      }
      pick.close();
    }
    throw new AssertionError("never picked " + id);
  }

  @Test
  void ejection_neverTakesMoreThanItsShare() {
    load(tagged("a"), tagged("b"), tagged("c"), tagged("d"));
    for (String id : List.of("a", "b", "c", "d")) {
      all.failed(tagged(id));
    }
    assertThat(picked(all)).containsExactly("c", "d");
    load(tagged("a"), tagged("b")); // half of two is one: the older of the two comes back
    assertThat(picked(all)).containsExactly("a");
    load(tagged("b"));
    assertThat(picked(all)).containsExactly("b");
    assertThatThrownBy(() -> all.failed(Samples.instanceOf("billing", "x")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("billing/x");
  }

  @Test
  void failed_ofAnotherHealthOrUnknown_changesNothing() {
    load(tagged("a"), tagged("b"), tagged("c").withHealth(Health.CRITICAL));
    all.failed(tagged("c"));
    all.failed(tagged("nobody"));
    assertThat(picked(all)).containsExactly("a", "b");
  }

  @Test
  void reads_allocateNothing() {
    ServiceInstance[] many = new ServiceInstance[600];
    for (int n = 0; n < many.length; n++) {
      many[n] =
          tagged("i" + n, n % 2 == 0 ? "even" : "odd").toBuilder()
              .weight(n)
              .zone("z" + n % 3)
              .build();
    }
    load(many);
    ServiceView even = all.where(Filter.tag("even"));
    List<ServiceView> views =
        List.of(
            all,
            even,
            all.balancedBy(Balancer.roundRobin()),
            all.balancedBy(Balancer.weighted()),
            all.balancedBy(Balancer.leastLoaded()),
            all.balancedBy(Balancer.consistentHash()),
            all.balancedBy(Balancer.sticky(Balancer.random())),
            all.balancedBy(Balancer.preferZone("z1", Balancer.weighted())),
            all.balancedBy(Balancer.slowStart(Duration.ofHours(1), Balancer.roundRobin())));
    for (ServiceView view : views) {
      assertAllocatesNothing(
          () ->
              view.pick().port()
                  + view.pick("customer").port()
                  + view.pick(42L).port()
                  + view.instances().get(7).port()
                  + view.snapshot().all().size());
    }
    assertAllocatesNothing(() -> registry.service("orders").instances().size());
  }

  /** In whatever state the compiler is: once compiled, a path that allocates does so every time. */
  private static void assertAllocatesNothing(LongSupplier read) {
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long sum = 0;
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 50 && least > 0; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int n = 0; n < 2_000; n++) {
        sum += read.getAsLong();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(sum).isPositive();
    // The call that asks may itself cost some bytes; 2,000 reads that allocate cost 32,000.
    assertThat(least).isLessThan(2_000);
  }
}
