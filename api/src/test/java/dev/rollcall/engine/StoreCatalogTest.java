package dev.rollcall.engine;

import static dev.rollcall.Samples.instanceOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Catalog;
import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoreCatalogTest extends RegistryFixture {
  private final List<CatalogChange> heard = new ArrayList<>();
  private Catalog catalog;
  private ScriptedBackend.Opened watch;

  @BeforeEach
  void openCatalog() {
    catalog = registry.catalog();
    watch = backend.lastWatch();
  }

  private CatalogChange last() {
    return heard.get(heard.size() - 1);
  }

  private void remove(String service, String id) {
    watch.sink.remove(new InstanceKey(service, id), Departure.DEREGISTERED, 9);
  }

  @Test
  void catalog_again_isTheSameOnOneWatch() {
    assertThat(registry.catalog()).isSameAs(catalog);
    assertThat(backend.watches).hasSize(1);
    assertThat(watch.selector).isEqualTo(Selector.everything());
  }

  @Test
  void services_areThoseWithAnInstance() {
    assertThat(catalog.freshness()).isInstanceOf(Freshness.Loading.class);
    watch.sink.replace(
        watch.selector,
        List.of(instanceOf("b", "1"), instanceOf("a", "1"), instanceOf("a", "2")),
        1);
    assertThat(catalog.services()).isEmpty();
    assertThat(catalog.snapshot("a").all()).isEmpty();
    watch.sink.synced();
    assertThat(catalog.services()).containsExactly("a", "b");
    assertThat(catalog.snapshot("a").all()).hasSize(2);
    assertThat(catalog.freshness()).isInstanceOf(Freshness.Live.class);
    remove("b", "1");
    watch.sink.put(instanceOf("c", "1").withHealth(Health.CRITICAL), 3);
    assertThat(catalog.services()).containsExactly("a", "c");
    assertThat(catalog.snapshot("b").all()).isEmpty();
    assertThat(catalog.snapshot("b").freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(catalog.snapshot("none").service()).isEqualTo("none");
  }

  @Test
  void snapshot_ofAServiceThatIsGone_hasTheRevisionAtWhichItWent() {
    watch.load(instanceOf("a", "1"));
    remove("a", "1");
    assertThat(catalog.snapshot("a").revision()).isEqualTo(9);
  }

  @Test
  void watch_ofAServiceThatComesBackWhileTheStreamResumes_goesBackToNoLoadingState() {
    catalog.watch(heard::add);
    watch.load(instanceOf("a", "1"));
    watch.sink.interrupted(RegistryException.unavailable("down", null));
    remove("a", "1");
    long gone = catalog.snapshot("a").version();
    watch.sink.put(instanceOf("a", "2"), 10);
    Snapshot back = catalog.snapshot("a");
    assertThat(back.all()).containsExactly(instanceOf("a", "2"));
    assertThat(back.version()).isGreaterThan(gone);
    assertThat(back.freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(last().changes().get("a").added()).containsExactly(instanceOf("a", "2"));
    watch.sink.synced();
    assertThat(catalog.snapshot("a").freshness()).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void replace_ofOneServiceWithin_leavesTheOthers() {
    watch.load(instanceOf("a", "1"), instanceOf("b", "1"));
    watch.sink.replace(Selector.service("a"), List.of(instanceOf("a", "2")), 2);
    assertThat(catalog.snapshot("a").all()).containsExactly(instanceOf("a", "2"));
    assertThat(catalog.services()).containsExactly("a", "b");
    watch.sink.replace(watch.selector, List.of(instanceOf("b", "1")), 3);
    assertThat(catalog.services()).containsExactly("b");
  }

  @Test
  void watch_firstBringsAllThatThereAre() {
    catalog.watch(heard::add);
    assertThat(heard).isEmpty();
    watch.load(instanceOf("a", "1"), instanceOf("b", "1"));
    assertThat(heard).hasSize(1);
    assertThat(last().appeared()).containsExactly("a", "b");
    List<CatalogChange> late = new ArrayList<>();
    catalog.watch(late::add);
    assertThat(late).hasSize(1);
    assertThat(late.get(0).appeared()).containsExactly("a", "b");
  }

  @Test
  void watch_ofAnEmptyStore_saysSo() {
    catalog.watch(heard::add);
    watch.load();
    assertThat(heard).hasSize(1);
    assertThat(last().changes()).isEmpty();
  }

  @Test
  void watch_hearsServicesAppearChangeAndVanish() {
    catalog.watch(heard::add);
    watch.load(instanceOf("a", "1"));
    watch.sink.put(instanceOf("b", "1"), 2);
    assertThat(last().appeared()).containsExactly("b");
    watch.sink.put(instanceOf("b", "2"), 3);
    assertThat(last().appeared()).isEmpty();
    assertThat(last().changes()).containsOnlyKeys("b");
    assertThat(last().changes().get("b").added()).containsExactly(instanceOf("b", "2"));
    remove("b", "1");
    assertThat(last().vanished()).isEmpty();
    remove("b", "2");
    assertThat(last().vanished()).containsExactly("b");
    assertThat(last().changes().get("b").removed()).containsExactly(instanceOf("b", "2"));
    watch.sink.put(instanceOf("b", "1"), 6);
    assertThat(last().appeared()).containsExactly("b");
    assertThat(last().changes().get("b").before().all()).isEmpty();
    assertThat(heard).hasSize(6);
  }

  @Test
  void watch_ofOneChangeInSeveralServices_hearsOnce() {
    catalog.watch(heard::add);
    watch.load();
    watch.sink.apply(
        List.of(
            new InstanceEvent.Put(instanceOf("a", "1")),
            new InstanceEvent.Put(instanceOf("b", "1"))),
        2);
    assertThat(heard).hasSize(2);
    assertThat(last().changes()).containsOnlyKeys("a", "b");
  }

  @Test
  void watch_ofWhatDoesNotChange_hearsNothing() {
    catalog.watch(heard::add);
    watch.load(instanceOf("a", "1"));
    watch.sink.put(instanceOf("a", "1"), 2);
    watch.sink.replace(watch.selector, List.of(instanceOf("a", "1")), 3);
    watch.sink.apply(
        List.of(
            new InstanceEvent.Put(instanceOf("x", "1")),
            new InstanceEvent.Remove(instanceOf("x", "1").key(), Departure.DEREGISTERED)),
        4);
    assertThat(heard).hasSize(1);
  }

  @Test
  void watch_bySomebodySlow_conflates() {
    catalog.watch(
        change -> {
          heard.add(change);
          if (heard.size() == 1) {
            watch.sink.put(instanceOf("a", "2"), 2);
            watch.sink.put(instanceOf("b", "1"), 3);
            watch.sink.put(instanceOf("gone", "1"), 4);
            remove("gone", "1");
            remove("a", "1");
          }
        });
    watch.load(instanceOf("a", "1"));
    assertThat(heard).hasSize(2);
    assertThat(last().changes()).containsOnlyKeys("a", "b");
    Change a = last().changes().get("a");
    assertThat(a.before().all()).containsExactly(instanceOf("a", "1"));
    assertThat(a.added()).containsExactly(instanceOf("a", "2"));
    assertThat(a.removed()).containsExactly(instanceOf("a", "1"));
  }

  @Test
  void watch_hearsOfFreshnessOnceASort() {
    List<String> fresh = new ArrayList<>();
    catalog.watch(
        new CatalogListener() {
          @Override
          public void changed(CatalogChange change) {
            fresh.add("changed");
          }

          @Override
          public void freshnessChanged(Freshness now) {
            fresh.add(now.getClass().getSimpleName());
          }
        });
    watch.sink.interrupted(RegistryException.denied("no token", null));
    watch.load(instanceOf("a", "1"));
    watch.sink.interrupted(RegistryException.unavailable("down", null));
    watch.sink.interrupted(RegistryException.unavailable("still down", null));
    assertThat(catalog.snapshot("a").freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(catalog.snapshot("a").all()).hasSize(1);
    watch.sink.synced();
    assertThat(fresh).containsExactly("Loading", "changed", "Live", "Stale", "Live");
  }

  @Test
  void watch_closed_hearsNothingMore() {
    Subscription subscription = catalog.watch(heard::add);
    watch.load();
    subscription.close();
    watch.sink.put(instanceOf("a", "1"), 2);
    assertThat(heard).hasSize(1);
  }

  @Test
  void versions_ofAServiceThatVanishes_neverFall() {
    catalog.watch(heard::add);
    watch.load(instanceOf("a", "1"));
    for (int i = 2; i < 6; i++) {
      watch.sink.put(instanceOf("a", "" + i), i);
    }
    for (int i = 1; i < 6; i++) {
      remove("a", "" + i);
    }
    watch.sink.put(instanceOf("a", "1"), 20);
    long version = -1;
    for (CatalogChange change : heard) {
      long next = change.changes().get("a").now().version();
      assertThat(next).isGreaterThan(version);
      version = next;
    }
  }

  @Test
  void await_untilLoaded_returnsOrSaysWhy() {
    assertThatThrownBy(() -> catalog.await(Duration.ofMillis(1)))
        .hasMessage(
            "catalog: no state within PT0.001S: the store has neither answered nor failed yet");
    watch.load();
    assertThat(catalog.await(Duration.ZERO)).isSameAs(catalog);
  }

  @Test
  void withholding_showsInTheServicesOwnSnapshot() {
    watch.load(instanceOf("a", "1"), instanceOf("b", "1"));
    watch.sink.withholding("a", "many leases ran out");
    watch.sink.withholding("none", "nobody");
    assertThat(catalog.snapshot("a").freshness()).isInstanceOf(Freshness.Protected.class);
    assertThat(catalog.snapshot("b").freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(catalog.services()).containsExactly("a", "b");
    watch.sink.withholding("a", "");
    assertThat(catalog.snapshot("a").freshness()).isInstanceOf(Freshness.Live.class);
  }
}
