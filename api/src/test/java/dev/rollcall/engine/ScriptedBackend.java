package dev.rollcall.engine;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A backend that keeps nothing and does what a test says: it records each call, and answers it at
 * once unless another answer was scripted.
 */
final class ScriptedBackend implements RegistryBackend {
  static final Duration TTL = Duration.ofSeconds(9);

  /** A call of {@link #register}, and the lease that it gives. */
  static final class Register implements Lease {
    final RegisterRequest request;
    final LeaseListener listener;
    final CompletableFuture<Lease> answer = new CompletableFuture<>();
    final List<CompletableFuture<Void>> renewals = new CopyOnWriteArrayList<>();
    volatile Consumer<CompletableFuture<Void>> onRenew = renewal -> renewal.complete(null);
    volatile Duration ttl = TTL;

    Register(RegisterRequest request, LeaseListener listener) {
      this.request = request;
      this.listener = listener;
    }

    void accept() {
      answer.complete(this);
    }

    void refuse(RegistryException.Kind kind) {
      answer.completeExceptionally(new RegistryException(kind, "the store says " + kind, null));
    }

    Owner owner() {
      return request.owner();
    }

    @Override
    public Duration ttl() {
      return request.liveness() instanceof Liveness.Heartbeat ? ttl : Duration.ZERO;
    }

    @Override
    public CompletionStage<Void> renew() {
      CompletableFuture<Void> renewal = new CompletableFuture<>();
      renewals.add(renewal);
      onRenew.accept(renewal);
      return renewal;
    }
  }

  /** A call of {@link #deregister}. */
  static final class Deregister {
    final InstanceKey key;
    final Owner owner;
    final CompletableFuture<Void> answer = new CompletableFuture<>();

    Deregister(InstanceKey key, Owner owner) {
      this.key = key;
      this.owner = owner;
    }

    void accept() {
      answer.complete(null);
    }

    void refuse(RegistryException.Kind kind) {
      answer.completeExceptionally(new RegistryException(kind, "the store says " + kind, null));
    }
  }

  /** A call of {@link #watch}. */
  static final class Opened implements Watch {
    final Selector selector;
    final WatchSink sink;
    final AtomicInteger closed = new AtomicInteger();

    Opened(Selector selector, WatchSink sink) {
      this.selector = selector;
      this.sink = sink;
    }

    /** Feeds a complete first state. */
    void load(ServiceInstance... instances) {
      sink.replace(selector, List.of(instances), 1);
      sink.synced();
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  final List<Register> registers = new CopyOnWriteArrayList<>();
  final List<Deregister> deregisters = new CopyOnWriteArrayList<>();
  final List<Opened> watches = new CopyOnWriteArrayList<>();
  final AtomicInteger closed = new AtomicInteger();
  volatile Consumer<Register> onRegister = Register::accept;
  volatile Consumer<Deregister> onDeregister = Deregister::accept;
  volatile CompletionStage<Listing> listing =
      CompletableFuture.completedFuture(new Listing(List.of(), 0));
  volatile boolean runsChecks = true;
  volatile Runnable onWatch = () -> {};

  @Override
  public Capabilities capabilities() {
    return new Capabilities(runsChecks, true, true, true, Duration.ZERO);
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    Register call = new Register(request, listener);
    registers.add(call);
    onRegister.accept(call);
    return call.answer;
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    Deregister call = new Deregister(key, owner);
    deregisters.add(call);
    onDeregister.accept(call);
    return call.answer;
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    onWatch.run();
    Opened opened = new Opened(selector, sink);
    watches.add(opened);
    return opened;
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return listing;
  }

  @Override
  public void close() {
    closed.incrementAndGet();
  }

  Register lastRegister() {
    return registers.get(registers.size() - 1);
  }

  Deregister lastDeregister() {
    return deregisters.get(deregisters.size() - 1);
  }

  Opened lastWatch() {
    return watches.get(watches.size() - 1);
  }
}
