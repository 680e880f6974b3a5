package dev.rollcall.spi.support;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: a first time, doubling up to a bound, each spread by ±
 * 20 % so that a fleet does not come back in step. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class RetryBackoff {
  private static final double MIN_SPREAD = 0.8;
  private static final double MAX_SPREAD = 1.2;

  private final long firstNanos;
  private final long maxNanos;
  private final Supplier<RandomGenerator> random;
  private long nextNanos;

  /**
   * Creates a back-off that stands at its first step.
   *
   * @param first the first wait, more than zero
   * @param max the longest wait before it is spread, at least the first
   */
  public RetryBackoff(Duration first, Duration max) {
    this(first, max, ThreadLocalRandom::current);
  }

  /**
   * Creates a back-off with a source of chance.
   *
   * @param first the first wait, more than zero
   * @param max the longest wait before it is spread, at least the first
   * @param random asked for at each wait
   */
  public RetryBackoff(Duration first, Duration max, Supplier<RandomGenerator> random) {
    this.firstNanos = first.toNanos();
    this.maxNanos = max.toNanos();
    this.random = random;
    this.nextNanos = firstNanos;
  }

  /**
   * Notes a failure.
   *
   * @return how long to wait
   */
  public Duration failed() {
    long wait = nextNanos;
    nextNanos = Math.min(maxNanos, nextNanos * 2);
    return spread(wait, random.get());
  }

  /** Starts over: the next wait is the first. */
  public void reset() {
    nextNanos = firstNanos;
  }

  /**
   * Spreads a wait by ± 20 %.
   *
   * @param wait how long on average
   * @return how long this time
   */
  public static Duration spread(Duration wait) {
    return spread(wait.toNanos(), ThreadLocalRandom.current());
  }

  private static Duration spread(long nanos, RandomGenerator random) {
    return Duration.ofNanos((long) (nanos * random.nextDouble(MIN_SPREAD, MAX_SPREAD)));
  }
}
