package dev.rollcall.examples.files;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.BackendProviders;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A timer for one client in manual time. After each of the client's tasks it waits until the
 * client's disk has done all that was asked of it, and its sinks were told. So time stands still
 * while the disk works, as it nearly does by the real clock, and no lease runs out because a thread
 * had no turn.
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

  /**
   * The disk keeps the order of its tasks, and so does the thread for sinks: an answer comes after
   * all earlier ones, and then the first state of a new watch after all that was told before.
   */
  private void settle() {
    RegistryBackend opened = client;
    if (opened == null) {
      return;
    }
    boolean isOpen =
        opened
            .snapshot(Selector.everything())
            .toCompletableFuture()
            .handle((listing, failed) -> failed == null)
            .orTimeout(1, TimeUnit.MINUTES)
            .join();
    if (isOpen) {
      CompletableFuture<Boolean> told = new CompletableFuture<>();
      RegistryBackend.Watch last = opened.watch(Selector.everything(), new Told(told));
      boolean unused = told.completeOnTimeout(false, 5, TimeUnit.SECONDS).join(); // it may close
      last.close();
    }
  }

  /** Completes with the first call. */
  private record Told(CompletableFuture<Boolean> first) implements WatchSink {
    @Override
    public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
      first.complete(true);
    }

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      first.complete(true);
    }

    @Override
    public void synced() {
      first.complete(true);
    }

    @Override
    public void interrupted(RegistryException cause) {
      first.complete(true);
    }
  }
}
