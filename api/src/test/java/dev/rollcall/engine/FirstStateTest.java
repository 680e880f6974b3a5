package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Catalog;
import dev.rollcall.Filter;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The first state, awaited without a thread, and why there is none. */
class FirstStateTest extends RegistryFixture {

  private static <T> T done(CompletableFuture<T> future) {
    return future.orTimeout(1, TimeUnit.MINUTES).join();
  }

  private static RegistryException failure(CompletableFuture<?> future) {
    await().until(future::isDone);
    try {
      future.join();
    } catch (CompletionException failed) {
      return (RegistryException) failed.getCause();
    }
    throw new AssertionError("no failure");
  }

  @Test
  void ready_completesWithTheFirstState_onAThreadOfTheEngine() {
    ServiceView orders = registry.service("orders");
    ServiceView tagged = orders.where(Filter.tag("x"));
    Catalog catalog = registry.catalog();
    CompletableFuture<Snapshot> ready = orders.ready();
    CompletableFuture<Snapshot> readyTagged = tagged.ready();
    CompletableFuture<String> thread = ready.thenApply(first -> Thread.currentThread().getName());
    assertThat(ready).isNotDone();
    backend
        .watches
        .get(0)
        .load(Samples.instance("a"), Samples.instance("b").toBuilder().tag("x").build());
    assertThat(done(thread)).startsWith("rollcall-answer-"); // first: who joins, helps
    assertThat(done(ready).instances()).hasSize(2);
    assertThat(done(readyTagged).instances()).hasSize(1);
    assertThat(orders.ready()).isCompletedWithValue(orders.snapshot());
    assertThat(tagged.ready()).isCompletedWithValue(tagged.snapshot());

    CompletableFuture<Catalog> all = catalog.ready();
    assertThat(all).isNotDone();
    backend.lastWatch().load();
    assertThat(done(all)).isSameAs(catalog);
  }

  @Test
  void ready_whatFollowsMayBlock_andHoldsUpNoBackend() {
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Void> blocked =
        registry
            .service("orders")
            .ready()
            .thenAccept(
                first -> {
                  try {
                    go.await();
                  } catch (InterruptedException stop) {
                    Thread.currentThread().interrupt();
                  }
                });
    backend.lastWatch().load(Samples.instance("a")); // on this thread, which comes back
    assertThat(blocked).isNotDone();
    go.countDown();
    done(blocked);
  }

  @Test
  void ready_whenTheRegistryCloses_fails_andSaysSo() {
    CompletableFuture<Snapshot> ready = registry.service("orders").ready();
    CompletableFuture<Catalog> all = registry.catalog().ready();
    backend.lastWatch().sink.interrupted(RegistryException.denied("no token", null));
    ServiceView view = registry.service("orders");
    registry.close();
    assertThat(failure(ready)).hasMessage("service orders: the registry is closed");
    assertThat(failure(all)).hasMessage("catalog: the registry is closed");
    assertThat(failure(view.ready()).kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE);
  }

  @Test
  void ready_keepsItsView_asLongAsItIsAwaited() {
    CompletableFuture<Snapshot> ready = registry.service("orders").ready();
    for (int n = 0; n < 5; n++) {
      timer.advance(IDLE);
      System.gc();
    }
    assertThat(backend.lastWatch().closed).hasValue(0);
    backend.lastWatch().load(Samples.instance("a"));
    assertThat(done(ready).instances()).hasSize(1);
  }

  @Test
  void ready_thatIsDone_keepsNoView() {
    WeakReference<CompletableFuture<Snapshot>> forgotten =
        new WeakReference<>(registry.service("orders").ready());
    backend.lastWatch().load(Samples.instance("a"));
    await()
        .until(
            () -> {
              System.gc();
              timer.advance(IDLE);
              return forgotten.get() == null && backend.lastWatch().closed.get() == 1;
            });
  }

  @Test
  void ready_thatIsGivenUp_keepsNoView() {
    assertThat(registry.service("orders").ready().cancel(false)).isTrue();
    await()
        .until(
            () -> {
              System.gc();
              timer.advance(IDLE);
              return backend.lastWatch().closed.get() == 1;
            });
  }

  @Test
  void await_withoutAState_saysWhy() {
    ServiceView view = registry.service("orders");
    assertThatThrownBy(() -> view.await(Duration.ZERO))
        .isInstanceOf(RegistryException.class)
        .hasMessage(
            "service orders: no state within PT0S: the store has neither answered nor failed yet");
    assertThatThrownBy(() -> registry.catalog().await(Duration.ofMillis(1)))
        .hasMessage(
            "catalog: no state within PT0.001S: the store has neither answered nor failed yet");
    backend.watches.get(0).sink.interrupted(RegistryException.unavailable("refused", null));
    assertThatThrownBy(() -> view.await(Duration.ZERO))
        .hasMessage("service orders: no state within PT0S: refused");
  }

  @Test
  void closeAsync_closesElsewhere() {
    CompletableFuture<Void> closed = registry.closeAsync();
    CompletableFuture<String> thread = closed.thenApply(done -> Thread.currentThread().getName());
    done(closed);
    assertThat(done(thread)).isNotNull();
    assertThatThrownBy(() -> registry.service("orders")).isInstanceOf(IllegalStateException.class);
    done(registry.closeAsync());
  }
}
