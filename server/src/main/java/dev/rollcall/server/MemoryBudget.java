package dev.rollcall.server;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of this process's memory that clients hold, with a bound for each of them and one for all.
 * What is counted is an estimate that errs upwards; each caller says how it is made.
 *
 * <p>Thread-safe: {@code lock} guards all fields that are not final, those of the holds too, and
 * nothing else is called under it, so that it may be taken under any other lock. Of a client that
 * holds nothing, nothing is kept.
 *
 * @since 0.1.0
 */
public final class MemoryBudget {
  private final String what;
  private final long ofAll;
  private final long byClient;

  private final Object lock = new Object();
  private final Map<String, Long> held = new HashMap<>();
  private final Map<Shared, SharedHold> shared = new HashMap<>();
  private long heldByAll;

  /** An object that several holds of one client share; objects are told apart by identity. */
  private record Shared(String client, Object what) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Shared that && that.what == what && that.client.equals(client);
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(what);
    }
  }

  private static final class SharedHold {
    private final Hold hold;
    private int users;

    SharedHold(Hold hold) {
      this.hold = hold;
    }
  }

  /**
   * Creates a budget of which nothing is taken.
   *
   * @param what what is counted, for messages
   * @param byClient how much one client may hold, in bytes; all together may hold twice as much
   */
  public MemoryBudget(String what, long byClient) {
    this.what = what;
    this.byClient = byClient;
    ofAll = 2 * byClient;
  }

  /**
   * Takes bytes for a client.
   *
   * @param client its name in counts
   * @param bytes how many, 0 or more
   * @return what is taken, to be closed when it is free again
   * @throws BudgetException where that is more than the client, or all together, may hold
   */
  public Hold take(String client, long bytes) {
    Hold hold = new Hold(client);
    hold.resize(bytes);
    return hold;
  }

  /**
   * Returns how much one client may hold.
   *
   * @return bytes
   */
  public long byClient() {
    return byClient;
  }

  /**
   * Returns how much all clients hold together.
   *
   * @return bytes
   */
  public long held() {
    synchronized (lock) {
      return heldByAll;
    }
  }

  private BudgetException refused(long bytes, boolean byOne) {
    if (bytes > byClient) {
      return new BudgetException(
          413, what + ": " + bytes + " bytes (expected: at most " + byClient + " for one client)");
    }
    return new BudgetException(
        429,
        byOne
            ? what + ": one client holds too much (expected: at most " + byClient + " bytes)"
            : what + ": all clients hold too much (expected: at most " + ofAll + " bytes)");
  }

  /** What one client holds for one purpose. Thread-safe. */
  public final class Hold implements AutoCloseable {
    private final String client;
    private long bytes;
    private boolean closed;
    private @Nullable Shared uses;

    private Hold(String client) {
      this.client = client;
    }

    /**
     * Returns whose it is.
     *
     * @return the client's name in counts
     */
    public String client() {
      return client;
    }

    /**
     * Returns how much it is.
     *
     * @return bytes
     */
    public long bytes() {
      synchronized (lock) {
        return bytes;
      }
    }

    /**
     * Makes it larger or smaller. To make it smaller is never refused.
     *
     * @param size how many bytes it is then
     * @throws BudgetException where that is more than may be held; then it is as it was
     */
    public void resize(long size) {
      synchronized (lock) {
        long more = size - bytes;
        if (more > 0) {
          boolean byOne = held.getOrDefault(client, 0L) + more > byClient;
          if (byOne || heldByAll + more > ofAll) {
            throw refused(size, byOne);
          }
        }
        set(size);
      }
    }

    /**
     * Makes it larger.
     *
     * @param more by how many bytes
     * @throws BudgetException where that is more than may be held; then it is as it was
     */
    public void grow(long more) {
      synchronized (lock) {
        resize(bytes + more);
      }
    }

    /**
     * Takes the memory of an object that others of the client's holds may share, and so is counted
     * once; given back when the last of them is closed. A hold shares one object, the last.
     *
     * @param what told apart by identity
     * @param size how many bytes it is
     * @throws BudgetException where that is more than may be held; then nothing is shared
     */
    public void share(Object what, long size) {
      synchronized (lock) {
        if (closed) {
          return;
        }
        unshare();
        Shared key = new Shared(client, what);
        SharedHold sharing = shared.get(key);
        if (sharing == null) {
          sharing = new SharedHold(take(client, size));
          shared.put(key, sharing);
        }
        sharing.users++;
        uses = key;
      }
    }

    private void unshare() {
      SharedHold sharing = uses == null ? null : shared.get(uses);
      if (sharing != null && --sharing.users == 0) {
        shared.remove(uses);
        sharing.hold.close();
      }
      uses = null;
    }

    /**
     * Says how much is held already, whatever may be.
     *
     * @param size how many bytes it is
     */
    public void correct(long size) {
      synchronized (lock) {
        set(size);
      }
    }

    private void set(long size) {
      if (closed) {
        return;
      }
      long more = size - bytes;
      bytes = size;
      heldByAll += more;
      held.merge(client, more, (before, added) -> before + added == 0 ? null : before + added);
    }

    /** Gives it back. Idempotent; afterwards it stays at nothing. */
    @Override
    public void close() {
      synchronized (lock) {
        set(0);
        unshare();
        closed = true;
      }
    }
  }
}
