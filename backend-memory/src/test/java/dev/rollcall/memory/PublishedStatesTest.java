package dev.rollcall.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.CatalogSnapshot;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.KeyValueSnapshot;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The catalog's and a view's states as streams, of a store in which things happen. */
class PublishedStatesTest {

  /** Asks for everything. */
  private static final class Reader<S> implements Flow.Subscriber<S> {
    final List<S> states = new CopyOnWriteArrayList<>();
    final CompletableFuture<Boolean> end = new CompletableFuture<>();

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(S state) {
      states.add(state);
    }

    @Override
    public void onError(Throwable failed) {
      end.completeExceptionally(failed);
    }

    @Override
    public void onComplete() {
      end.complete(true);
    }

    S last() {
      return states.get(states.size() - 1);
    }
  }

  @Test
  void catalog_publishesWhatComesAndGoes_andItsEnd() {
    Reader<CatalogSnapshot> reader = new Reader<>();
    try (Registry registry = Registry.open("memory:")) {
      registry.catalog().publisher().subscribe(reader);
      await().until(() -> !reader.states.isEmpty());
      assertThat(reader.last().services()).isEmpty();
      ServiceInstance instance =
          ServiceInstance.builder("orders").id("1").address("10.0.0.7", 8080).build();
      Registration registration = registry.register(instance, Liveness.permanent()).join();
      await().until(() -> reader.last().services().keySet().equals(Set.of("orders")));
      assertThat(reader.last().services().get("orders").instances()).containsExactly(instance);
      registration.close();
      await().until(() -> reader.last().services().isEmpty());
      assertThat(reader.end).isNotDone();
    }
    assertThat(reader.end.orTimeout(1, TimeUnit.MINUTES).join()).isTrue();
  }

  @Test
  void view_publishesItsLastState_andItsEnd() {
    Reader<KeyValueSnapshot<Integer>> reader = new Reader<>();
    try (KeyValueStore store = KeyValueStore.open("memory:")) {
      store
          .view(Keys.prefix("n/"), pair -> Integer.valueOf(pair.text()))
          .publisher()
          .subscribe(reader);
      for (int n = 0; n < 100; n++) {
        store.put("n/a", Integer.toString(n)).join();
      }
      store.put("n/b", "no number").join();
      await().until(() -> !reader.states.isEmpty() && reader.last().failures().size() == 1);
      assertThat(reader.last().values()).isEqualTo(Map.of("n/a", 99));
      assertThat(reader.states)
          .extracting(state -> state.values().getOrDefault("n/a", -1))
          .isSorted();
    }
    assertThat(reader.end.orTimeout(1, TimeUnit.MINUTES).join()).isTrue();
  }
}
