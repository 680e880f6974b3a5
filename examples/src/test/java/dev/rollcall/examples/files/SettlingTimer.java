package dev.rollcall.examples.files;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A timer for one client in manual time. After each of the client's tasks it waits until the
 * client's disk has done all that was asked of it. So time stands still while the disk works, as it
 * nearly does by the real clock, and no lease runs out because a thread had no turn.
 */
final class SettlingTimer implements Timer {
  private final Timer timer;

  /** Set once, before the first task is due; read by the thread that lets time pass. */
  private volatile @Nullable RegistryBackend client;

  private SettlingTimer(Timer timer) {
    this.timer = timer;
  }

  /** Opens a client that lives by such a timer. */
  static RegistryBackend open(String uri, Timer manual) {
    SettlingTimer timer = new SettlingTimer(manual);
    RegistryBackend client = BackendProviders.open(uri, timer);
    timer.client = client;
    return client;
  }

  @Override
  public long nanoTime() {
    return timer.nanoTime();
  }

  @Override
  public Scheduled schedule(Runnable task, Duration delay) {
    return timer.schedule(
        () -> {
          task.run();
          settle();
        },
        delay);
  }

  @Override
  public void close() {
    timer.close();
  }

  /** The disk keeps the order of its tasks: this one's answer comes after all earlier ones. */
  private void settle() {
    RegistryBackend opened = client;
    if (opened != null) {
      CompletableFuture<Boolean> settled =
          opened
              .snapshot(Selector.everything())
              .toCompletableFuture()
              .handle((listing, failed) -> true)
              .orTimeout(1, TimeUnit.MINUTES);
      settled.join();
    }
  }
}
