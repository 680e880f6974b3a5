package dev.rollcall.testkit;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.engine.SimulatedMachine;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * A process in the simulation, with a clock that begins anywhere and goes a little wrong. It can be
 * stalled, which delays all that it does, and be dead, after which it does nothing.
 */
final class SimulatedHost extends SimulatedMachine implements Timer {
  private static final long FOR_EVER = SimulatedWorld.millis(3_600_000);

  private final SimulatedWorld world;
  private final int number;
  private final long begunNanos;
  private final long offsetNanos;
  private final long gainPerMille;
  private long stalledUntil;
  private int pending;
  private boolean dead;

  SimulatedHost(SimulatedWorld world, int number) {
    this.world = world;
    this.number = number;
    this.begunNanos = world.now();
    this.offsetNanos = world.random.nextLong(-10_000_000_000L, 10_000_000_000L);
    this.gainPerMille = world.random.nextLong(-5, 6);
  }

  int number() {
    return number;
  }

  boolean isDead() {
    return dead;
  }

  void die() {
    dead = true;
  }

  long stalledUntil() {
    return stalledUntil;
  }

  void stall(long nanos) {
    stalledUntil = Math.max(stalledUntil, world.now() + nanos);
  }

  boolean isStalled() {
    return stalledUntil > world.now();
  }

  /** Has something done when a time has passed by this process's clock, and a little more. */
  void afterOwn(Duration time, Runnable body) {
    world.after(real(time.toNanos()) + SimulatedWorld.millis(1), this, body);
  }

  private long real(long nanos) {
    return nanos == 0 ? 0 : nanos / (1000 + gainPerMille) * 1000 + 1000;
  }

  /** Returns how many tasks wait for their time. */
  int pending() {
    return pending;
  }

  @Override
  public long nanoTime() {
    long passed = world.now() - begunNanos;
    return offsetNanos + passed + passed / 1000 * gainPerMille;
  }

  @Override
  public Scheduled schedule(Runnable task, Duration delay) {
    long nanos = Math.max(0, delay.toNanos());
    pending++;
    SimulatedWorld.Task waiting =
        world.after(
            real(nanos),
            this,
            () -> {
              pending--;
              task.run();
            });
    return () -> {
      if (!waiting.isOver()) {
        pending--;
        waiting.cancel();
      }
    };
  }

  @Override
  public void close() {
    throw new IllegalStateException("the timer is not the registry's to close");
  }

  @Override
  public ExecutorService listenerPool() {
    return new Pool(task -> {});
  }

  @Override
  public ExecutorService answerPool() {
    return new Pool(Runnable::run);
  }

  @Override
  public HealthChecker checker(Timer timer) {
    return new Checker();
  }

  @Override
  public RandomGenerator random() {
    return world.random;
  }

  @Override
  public void await(Future<?> what) throws InterruptedException, ExecutionException {
    try {
      await(what, FOR_EVER);
    } catch (TimeoutException late) {
      world.violation("somebody waits for ever");
    }
  }

  @Override
  public void await(Future<?> what, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (!world.await(what::isDone, nanos)) {
      throw new TimeoutException();
    }
    what.get();
  }

  @Override
  public void runApart(String threadName, Runnable task) {
    world.after(0, this, task);
  }

  /** Each task has a thread of its own, which begins when it may. */
  private final class Pool extends AbstractExecutorService {
    private final Consumer<Runnable> afterShutdown;
    private boolean shut;

    Pool(Consumer<Runnable> afterShutdown) {
      this.afterShutdown = afterShutdown;
    }

    @Override
    public void execute(Runnable task) {
      if (shut) {
        afterShutdown.accept(task);
      } else {
        world.after(
            world.chance(0.02) ? world.between(0, 20) : world.random.nextLong(300_000),
            SimulatedHost.this,
            task);
      }
    }

    @Override
    public void shutdown() {
      shut = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shut = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shut;
    }

    @Override
    public boolean isTerminated() {
      return shut;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return shut;
    }
  }

  private final class Checker implements HealthChecker {
    private boolean closed;

    @Override
    public Running start(Liveness.Check check, Consumer<Health> onResult) {
      Liveness.TcpCheck tcp = (Liveness.TcpCheck) check;
      boolean[] stopped = new boolean[1];
      look(tcp, onResult, stopped);
      return () -> stopped[0] = true;
    }

    private void look(Liveness.TcpCheck check, Consumer<Health> onResult, boolean[] stopped) {
      world.after(
          world.between(1, 50),
          SimulatedHost.this,
          () -> {
            if (!closed && !stopped[0]) {
              int port = check.address().port();
              onResult.accept(world.sick.contains(port) ? Health.CRITICAL : Health.PASSING);
              world.after(
                  check.interval().toNanos(),
                  SimulatedHost.this,
                  () -> look(check, onResult, stopped));
            }
          });
    }

    @Override
    public CompletionStage<Boolean> accepts(HostPort address, Duration timeout) {
      CompletableFuture<Boolean> answer = new CompletableFuture<>();
      world.after(
          world.between(1, 200),
          SimulatedHost.this,
          () -> {
            SimulatedHost there = world.ports.get(address.port());
            answer.complete(there != null && !there.dead && !there.isStalled());
          });
      return answer;
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
