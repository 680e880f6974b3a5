package dev.rollcall.testkit;

import static org.awaitility.Awaitility.await;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.awaitility.core.ConditionTimeoutException;

/**
 * The time of one test: the real one, for stores with a clock of their own, or one that the test
 * moves itself, for stores that take their time from the {@link Timer} that they are given. The
 * contract's tests are written once for both.
 *
 * @since 0.1.0
 */
public final class ContractTime implements AutoCloseable {
  /**
   * Where time is manual, other threads still need some of the real one: on a busy machine, much.
   */
  private static final Duration GRACE = Duration.ofSeconds(20);

  private static final Duration POLL = Duration.ofMillis(1);
  private static final int SETTLING_POLLS = 20;

  private final Timer timer;
  private final Optional<ManualTimer> manual;
  private final Duration grace;

  private ContractTime(Timer timer, Optional<ManualTimer> manual, Duration grace) {
    this.timer = timer;
    this.manual = manual;
    this.grace = grace;
  }

  /**
   * Starts a time that passes by itself.
   *
   * @return a new time
   */
  public static ContractTime real() {
    return new ContractTime(SystemTimer.named("contract-timer"), Optional.empty(), Duration.ZERO);
  }

  /**
   * Starts a time that passes only as the test goes on: what lasts minutes takes milliseconds.
   *
   * @return a new time
   */
  public static ContractTime manual() {
    return manual(GRACE);
  }

  /**
   * As {@link #manual()}.
   *
   * @param grace how much real time other threads have at least until something is late
   */
  static ContractTime manual(Duration grace) {
    ManualTimer manual = new ManualTimer();
    return new ContractTime(manual, Optional.of(manual), grace);
  }

  /**
   * Returns the timer for whatever takes part in the test.
   *
   * @return always the same one
   */
  public Timer timer() {
    return timer;
  }

  /**
   * Returns the timer where it is manual.
   *
   * @return the same as {@link #timer()}, or empty where time is real
   */
  public Optional<ManualTimer> manualTimer() {
    return manual;
  }

  /**
   * Lets time pass.
   *
   * @param time how much
   */
  public void pass(Duration time) {
    boolean unused = untilOver(time, () -> false);
  }

  /** As {@link #until}, though a condition that only needs the real time of a thread comes late. */
  boolean untilOver(Duration during, BooleanSupplier condition) {
    return manual.isPresent()
        ? untilManually(manual.get(), during, condition, Duration.ZERO)
        : until(during, condition);
  }

  /**
   * Lets time pass until a condition holds.
   *
   * @param within how much time at most
   * @param condition what to wait for; asked often, on this thread
   * @return whether the condition holds
   */
  public boolean until(Duration within, BooleanSupplier condition) {
    try {
      if (manual.isPresent()) {
        return untilManually(manual.get(), within, condition, grace);
      }
      await()
          .pollInSameThread()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(5))
          .timeout(within.plusMillis(10))
          .until(condition::getAsBoolean);
      return true;
    } catch (ConditionTimeoutException late) {
      return condition.getAsBoolean();
    }
  }

  private static boolean untilManually(
      ManualTimer timer, Duration within, BooleanSupplier condition, Duration grace) {
    Duration step = within.dividedBy(100).plusMillis(10);
    int settling = grace.isZero() ? 1 : SETTLING_POLLS;
    boolean[] held = {false};
    int[] polls = {0};
    Duration[] left = {within};
    long began = System.nanoTime();
    await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(POLL)
        .timeout(Duration.ofMinutes(2))
        .until(
            () -> {
              if (condition.getAsBoolean()) {
                held[0] = true;
                return true;
              }
              if (left[0].isZero()) {
                return System.nanoTime() - began >= grace.toNanos();
              }
              Duration by = Duration.ZERO;
              if (polls[0]++ >= settling) {
                by = step.compareTo(left[0]) < 0 ? step : left[0];
              }
              timer.advance(by);
              left[0] = left[0].minus(by);
              return false;
            });
    return held[0];
  }

  /** Closes the timer. */
  @Override
  public void close() {
    timer.close();
  }
}
