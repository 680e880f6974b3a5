package dev.rollcall.engine;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** A store with room for one instance, which keeps the contract's rules of ownership. */
final class SmallStore implements RegistryBackend {
  /** How many watches were opened. */
  final AtomicInteger watches = new AtomicInteger();

  private Owner holder; // guarded by this
  private LeaseListener listener; // guarded by this

  @Override
  public Capabilities capabilities() {
    return new Capabilities(true, true, true, true, Duration.ZERO);
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener told) {
    Owner owner = request.owner();
    LeaseListener superseded = null;
    synchronized (this) {
      boolean foreign = holder != null && !holder.id().equals(owner.id());
      if (foreign && request.claim() != Claim.TAKE_OVER) {
        return CompletableFuture.failedFuture(RegistryException.conflict("another owner's"));
      }
      if (foreign) {
        superseded = listener;
      }
      holder = owner;
      listener = told;
    }
    if (superseded != null) {
      superseded.ended(LeaseEnd.SUPERSEDED);
    }
    return CompletableFuture.completedFuture(new SmallLease(owner));
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    synchronized (this) {
      if (holder != null && owner.names(holder.id())) {
        holder = null;
        listener = null;
      }
    }
    return CompletableFuture.completedFuture(null);
  }

  /** Loses the instance, as a store that restarts does. */
  void lose() {
    LeaseListener told;
    synchronized (this) {
      told = listener;
      holder = null;
      listener = null;
    }
    if (told != null) {
      told.ended(LeaseEnd.EXPIRED);
    }
  }

  /** Tells whose instance is there, or null. */
  synchronized Owner holder() {
    return holder;
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    watches.incrementAndGet();
    return () -> {};
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return CompletableFuture.completedFuture(new Listing(List.of(), 0));
  }

  @Override
  public void close() {}

  private final class SmallLease implements Lease {
    private final Owner owner;

    SmallLease(Owner owner) {
      this.owner = owner;
    }

    @Override
    public Duration ttl() {
      return Duration.ofSeconds(9);
    }

    @Override
    public CompletionStage<Void> renew() {
      synchronized (SmallStore.this) {
        return holder != null && holder.id().equals(owner.id())
            ? CompletableFuture.completedFuture(null)
            : CompletableFuture.failedFuture(RegistryException.conflict("the lease has ended"));
      }
    }
  }
}
