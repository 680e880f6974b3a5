package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

class IdleViewsTest extends RegistryFixture {

  private WeakReference<ServiceView> resolveAndForget() {
    return new WeakReference<>(registry.service("orders"));
  }

  private void sweepUntilCollected(WeakReference<?> view) {
    timer.advance(IDLE);
    await()
        .until(
            () -> {
              System.gc();
              return view.get() == null;
            });
  }

  @Test
  void view_thatNobodyKeeps_isDroppedAndItsWatchClosed() {
    sweepUntilCollected(resolveAndForget());
    timer.advance(IDLE);
    assertThat(backend.lastWatch().closed).hasValue(0);
    timer.advance(IDLE);
    assertThat(backend.lastWatch().closed).hasValue(1);
    registry.service("orders");
    assertThat(backend.watches).hasSize(2);
  }

  @Test
  void view_thatIsKept_isNeverDropped() {
    ServiceView view = registry.service("orders");
    for (int i = 0; i < 5; i++) {
      timer.advance(IDLE);
      System.gc();
    }
    assertThat(backend.lastWatch().closed).hasValue(0);
    assertThat(registry.service("orders")).isSameAs(view);
    assertThat(backend.watches).hasSize(1);
  }

  @Test
  void view_thatIsResolvedAgainWhileIdle_isNotDropped() {
    sweepUntilCollected(resolveAndForget());
    timer.advance(IDLE);
    WeakReference<ServiceView> again = resolveAndForget();
    timer.advance(IDLE);
    assertThat(backend.lastWatch().closed).hasValue(0);
    assertThat(backend.watches).hasSize(1);
    sweepUntilCollected(again);
    timer.advance(IDLE.multipliedBy(2));
    assertThat(backend.lastWatch().closed).hasValue(1);
  }

  @Test
  void service_withAListenerOnly_isKeptUntilItCloses() {
    Subscription subscription = registry.service("orders").watch(change -> {});
    for (int i = 0; i < 4; i++) {
      timer.advance(IDLE);
      System.gc();
    }
    assertThat(backend.lastWatch().closed).hasValue(0);
    subscription.close();
    await()
        .until(
            () -> {
              System.gc();
              timer.advance(IDLE);
              return backend.lastWatch().closed.get() == 1;
            });
  }
}
