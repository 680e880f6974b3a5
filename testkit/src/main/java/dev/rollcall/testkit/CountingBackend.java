package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A backend that counts what is asked of the one behind it. Thread-safe.
 *
 * @since 0.1.0
 */
public final class CountingBackend extends ForwardingBackend {
  private final AtomicInteger registrations = new AtomicInteger();
  private final AtomicInteger renewals = new AtomicInteger();
  private final AtomicInteger deregistrations = new AtomicInteger();
  private final AtomicInteger snapshots = new AtomicInteger();
  private final AtomicInteger watches = new AtomicInteger();
  private final AtomicInteger openWatches = new AtomicInteger();

  /**
   * Creates a backend in front of another one.
   *
   * @param to where the calls go; closed with this one
   */
  public CountingBackend(RegistryBackend to) {
    super(to);
  }

  /**
   * Returns how often anything was asked: a sum of all the others but {@link #openWatches()}.
   *
   * @return the number of calls so far
   */
  public int calls() {
    return registrations() + renewals() + deregistrations() + snapshots() + watches();
  }

  /**
   * Returns how often an instance was put.
   *
   * @return the number of calls so far
   */
  public int registrations() {
    return registrations.get();
  }

  /**
   * Returns how often a lease was renewed.
   *
   * @return the number of calls so far
   */
  public int renewals() {
    return renewals.get();
  }

  /**
   * Returns how often an instance was taken out.
   *
   * @return the number of calls so far
   */
  public int deregistrations() {
    return deregistrations.get();
  }

  /**
   * Returns how often the present state was read.
   *
   * @return the number of calls so far
   */
  public int snapshots() {
    return snapshots.get();
  }

  /**
   * Returns how many watches were opened.
   *
   * @return the number of calls so far
   */
  public int watches() {
    return watches.get();
  }

  /**
   * Returns how many watches are open.
   *
   * @return those opened less those closed
   */
  public int openWatches() {
    return openWatches.get();
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    registrations.incrementAndGet();
    return super.register(request, listener).thenApply(CountedLease::new);
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    deregistrations.incrementAndGet();
    return super.deregister(key, owner);
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    snapshots.incrementAndGet();
    return super.snapshot(selector);
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    watches.incrementAndGet();
    openWatches.incrementAndGet();
    Watch watch = super.watch(selector, sink);
    AtomicBoolean closed = new AtomicBoolean();
    return () -> {
      watch.close();
      if (closed.compareAndSet(false, true)) {
        openWatches.decrementAndGet();
      }
    };
  }

  private final class CountedLease implements Lease {
    private final Lease lease;

    CountedLease(Lease lease) {
      this.lease = lease;
    }

    @Override
    public Duration ttl() {
      return lease.ttl();
    }

    @Override
    public CompletionStage<Void> renew() {
      renewals.incrementAndGet();
      return lease.renew();
    }
  }
}
