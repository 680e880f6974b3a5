package dev.rollcall.memory;

import java.time.Duration;
import java.util.Arrays;

/**
 * Decides when so many leases run out at once that the store had better doubt itself, and how fast
 * it then lets go. Only arithmetic; guarded by the store's lock.
 *
 * <p>Leases that run out within one window are compared with those that were alive at its
 * beginning. Where they are more than the share, and at least {@link #LEAST} (a host with a few
 * instances may die without anybody's wondering), the guard holds: from then on every lease that
 * runs out is held. From one window later on it allows a tenth of the leases that there were a
 * window, until none is held.
 */
final class MassExpiryGuard {
  static final double STANDARD_SHARE = 0.3;
  static final double OFF = 1;
  static final int LEAST = 10;
  static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();

  private static final double LET_GO_A_WINDOW = 0.1;
  private static final int PARTS = 10;
  private static final long PART_NANOS = WINDOW_NANOS / PARTS;

  private final double share;
  private final int[] expired = new int[PARTS];
  private long part;
  private boolean holding;
  private long beganAt;
  private int leasesAtBeginning;
  private int letGo;

  /**
   * Creates a guard.
   *
   * @param share more than 0; {@link #OFF} or more never holds
   */
  MassExpiryGuard(double share) {
    this.share = share;
  }

  boolean isOff() {
    return share >= OFF;
  }

  boolean isHolding() {
    return holding;
  }

  /**
   * Notes that leases are about to run out and decides whether they, and those that follow, are
   * held.
   *
   * @param runningOut how many
   * @param alive how many leases have not ended, these included
   * @return whether the guard begins to hold with them
   */
  boolean judge(int runningOut, int alive, long nowNanos) {
    turn(nowNanos);
    int recently = Arrays.stream(expired).sum();
    int lost = runningOut + recently;
    if (holding || isOff() || lost < LEAST || lost <= share * (alive + recently)) {
      return false;
    }
    holding = true;
    beganAt = nowNanos;
    leasesAtBeginning = alive + recently;
    letGo = 0;
    return true;
  }

  /** Notes that a lease has been let go. */
  void expired(long nowNanos) {
    turn(nowNanos);
    expired[index(part)]++;
    if (holding) {
      letGo++;
    }
  }

  /** Returns how many of the held leases may be let go now. */
  int allowance(long nowNanos) {
    long held = nowNanos - beganAt;
    if (held < WINDOW_NANOS) {
      return 0;
    }
    double windows = (double) held / WINDOW_NANOS;
    return (int) (LET_GO_A_WINDOW * leasesAtBeginning * windows) - letGo;
  }

  /** Nothing is held any more. */
  void end() {
    holding = false;
  }

  /** Says why removals are withheld. */
  String reason(int runningOut) {
    return "%d of %d leases ran out within %d s: kept for now, let go at %d %% a window"
        .formatted(
            runningOut + Arrays.stream(expired).sum(),
            leasesAtBeginning,
            WINDOW_NANOS / 1_000_000_000,
            (int) (LET_GO_A_WINDOW * 100));
  }

  private void turn(long nowNanos) {
    long now = nowNanos / PART_NANOS;
    if (now - part >= PARTS) {
      Arrays.fill(expired, 0);
    } else {
      for (long passed = part + 1; passed <= now; passed++) {
        expired[index(passed)] = 0;
      }
    }
    part = Math.max(part, now);
  }

  private static int index(long part) {
    return (int) (part % PARTS);
  }
}
