package dev.rollcall.testkit.soak;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;

/**
 * Something that can happen to a store, or to the line of one client. Begun and healed by the
 * soak's thread, one after the other, again and again; both return when their effect is there.
 *
 * @param name what the report calls it: {@code cut}, {@code kill}
 * @param begin makes it happen
 * @param heal ends it; the store answers soon after, or has answered already
 * @param losesData whether the store has forgotten everything afterwards
 * @param noticedWithin after how long at most no view may say that it is live, counted from when
 *     the fault has begun; empty where a view may be live throughout
 * @since 0.1.0
 */
public record SoakFault(
    String name,
    Runnable begin,
    Runnable heal,
    boolean losesData,
    Optional<Duration> noticedWithin) {
  /**
   * Checks that nothing is null.
   *
   * @param name as the record says
   * @param begin as the record says
   * @param heal as the record says
   * @param losesData as the record says
   * @param noticedWithin as the record says
   */
  public SoakFault {
    requireNonNull(name, "name");
    requireNonNull(begin, "begin");
    requireNonNull(heal, "heal");
    requireNonNull(noticedWithin, "noticedWithin");
  }

  /**
   * Returns a fault that keeps the data, and of which a view may see nothing.
   *
   * @param name what the report calls it
   * @param begin makes it happen
   * @param heal ends it
   * @return the fault
   */
  public static SoakFault of(String name, Runnable begin, Runnable heal) {
    return new SoakFault(name, begin, heal, false, Optional.empty());
  }

  /**
   * Returns the same fault of a store that forgets everything with it.
   *
   * @return a new fault
   */
  public SoakFault losingData() {
    return new SoakFault(name, begin, heal, true, noticedWithin);
  }

  /**
   * Returns the same fault, which every view notices.
   *
   * @param within after how long at most
   * @return a new fault
   */
  public SoakFault noticed(Duration within) {
    return new SoakFault(name, begin, heal, losesData, Optional.of(within));
  }
}
