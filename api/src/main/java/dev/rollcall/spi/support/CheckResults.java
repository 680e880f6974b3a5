package dev.rollcall.spi.support;

import dev.rollcall.Health;
import java.util.Arrays;

/**
 * What several checks of one instance have found last, and the worst of it. A check that has not
 * answered yet is critical. Not thread-safe: guarded by its user's lock.
 *
 * @since 0.1.0
 */
public final class CheckResults {
  private final Health[] last;

  /**
   * Begins with no answer.
   *
   * @param checks how many checks there are
   */
  public CheckResults(int checks) {
    last = new Health[checks];
    Arrays.fill(last, Health.CRITICAL);
  }

  /**
   * Takes a result.
   *
   * @param result what was found
   * @param check the index of the check
   * @return the worst of all
   */
  public Health take(Health result, int check) {
    last[check] = result;
    Health worst = result;
    for (Health each : last) {
      worst = worst.worse(each);
    }
    return worst;
  }
}
