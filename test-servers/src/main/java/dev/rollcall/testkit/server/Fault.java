package dev.rollcall.testkit.server;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * What a mode of the proxy changes. A mode overrides what it is about; the rest is as in {@link
 * #PASS}. Immutable.
 */
interface Fault {
  long UNLIMITED = Long.MAX_VALUE;

  Fault PASS = new Fault() {};

  Fault CUT =
      new Fault() {
        @Override
        public Arrivals arrivals() {
          return Arrivals.RESET;
        }
      };

  Fault REFUSE =
      new Fault() {
        @Override
        public Arrivals arrivals() {
          return Arrivals.REFUSE;
        }
      };

  Fault STALL =
      new Fault() {
        @Override
        public boolean forwards() {
          return false;
        }
      };

  /** What becomes of new connections; all but {@code ACCEPT} end the old ones too. */
  enum Arrivals {
    ACCEPT,
    RESET,
    REFUSE
  }

  default Arrivals arrivals() {
    return Arrivals.ACCEPT;
  }

  default boolean forwards() {
    return true;
  }

  default boolean delays() {
    return false;
  }

  /** How long the next piece is held back. */
  default long delayNanos(RandomGenerator random) {
    return 0;
  }

  default int sliceBytes() {
    return Integer.MAX_VALUE;
  }

  default long sliceNanos() {
    return 0;
  }

  /** How many bytes of replies pass before the end. */
  default long replyBytes() {
    return UNLIMITED;
  }

  /** What the client gets instead of a reply. */
  default Optional<ByteBuffer> replacement() {
    return Optional.empty();
  }

  /** See {@link FaultProxy#delay}. */
  record Delay(long baseNanos, long jitterNanos) implements Fault {
    @Override
    public boolean delays() {
      return true;
    }

    @Override
    public long delayNanos(RandomGenerator random) {
      long offset = jitterNanos == 0 ? 0 : random.nextLong(-jitterNanos, jitterNanos + 1);
      return Math.max(0, baseNanos + offset);
    }
  }

  /** See {@link FaultProxy#slice}. */
  record Slice(int sliceBytes, long sliceNanos) implements Fault {}

  /** See {@link FaultProxy#truncateAfter}. */
  record Truncate(long replyBytes) implements Fault {}

  /** See {@link FaultProxy#replaceReplies}; the bytes and their buffer are not changed. */
  record Replace(ByteBuffer reply) implements Fault {
    @Override
    public Optional<ByteBuffer> replacement() {
      return Optional.of(reply.duplicate());
    }
  }
}
