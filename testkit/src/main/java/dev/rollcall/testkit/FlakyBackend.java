package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A backend whose line to the store a test can break: what stands on it sees outages, refusals and
 * delays of a store that is well. It keeps the promises of the SPI while the line is broken, and
 * resumes each watch with the complete state when it heals. Thread-safe.
 *
 * @since 0.1.0
 */
public final class FlakyBackend extends ForwardingBackend {
  private enum Line {
    UP,
    CUT,
    DENIED,
    HELD
  }

  private final Set<FlakyWatch> watches = new LinkedHashSet<>();
  private final List<Held> held = new ArrayList<>();
  // Guarded by "watches", as are the two above.
  private Line line = Line.UP;

  /** What waits for the line to heal, and what becomes of it where the backend is closed first. */
  private record Held(Runnable send, Runnable drop) {}

  /**
   * Creates a backend in front of another one, with a line that works.
   *
   * @param to where the calls go; closed with this one
   */
  public FlakyBackend(RegistryBackend to) {
    super(to);
  }

  /** Breaks the line: calls fail as unavailable, watches are interrupted. */
  public void cut() {
    breakLine(Line.CUT, Optional.of(unavailable()));
  }

  /** Lets the store refuse: calls and watches fail as denied. */
  public void deny() {
    breakLine(Line.DENIED, Optional.of(denied()));
  }

  /**
   * Stops the traffic without a word: calls neither reach the store nor fail, watches show nothing.
   * What was asked meanwhile reaches the store in its order, late, when the line heals.
   */
  public void hold() {
    breakLine(Line.HELD, Optional.empty());
  }

  /** Mends the line. Returns when all watches are on their way again. */
  public void heal() {
    List<Held> late;
    List<FlakyWatch> open;
    synchronized (watches) {
      line = Line.UP;
      late = List.copyOf(held);
      held.clear();
      open = List.copyOf(watches);
    }
    late.forEach(call -> call.send().run());
    open.forEach(FlakyWatch::attach);
  }

  @Override
  public void close() {
    List<Held> dropped;
    List<FlakyWatch> open;
    synchronized (watches) {
      dropped = List.copyOf(held);
      held.clear();
      open = List.copyOf(watches);
      watches.clear();
    }
    dropped.forEach(call -> call.drop().run());
    open.forEach(FlakyWatch::close);
    super.close();
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    return send(
        () ->
            super.register(request, end -> tell(() -> listener.ended(end)))
                .thenApply(FlakyLease::new));
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return send(() -> super.deregister(key, owner));
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return send(() -> super.snapshot(selector));
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    FlakyWatch watch = new FlakyWatch(selector, sink);
    Line before = line();
    watch.told(before);
    Line now;
    synchronized (watches) {
      watches.add(watch);
      now = line;
    }
    if (now == Line.UP) {
      watch.attach();
    } else if (now != before) {
      watch.told(now);
    }
    return watch;
  }

  private Line line() {
    synchronized (watches) {
      return line;
    }
  }

  private void breakLine(Line to, Optional<RegistryException> cause) {
    List<FlakyWatch> open;
    synchronized (watches) {
      line = to;
      open = List.copyOf(watches);
    }
    open.forEach(watch -> watch.detach(cause));
  }

  private <T> CompletionStage<T> send(Supplier<CompletionStage<T>> call) {
    CompletableFuture<T> later = new CompletableFuture<>();
    synchronized (watches) {
      if (line == Line.CUT) {
        return CompletableFuture.failedFuture(unavailable());
      }
      if (line == Line.DENIED) {
        return CompletableFuture.failedFuture(denied());
      }
      if (line == Line.HELD) {
        held.add(
            new Held(
                () -> pass(call.get(), later), () -> later.completeExceptionally(unavailable())));
        return later;
      }
    }
    return call.get();
  }

  /** Tells a lease's listener, once the line lets the word through. */
  private void tell(Runnable word) {
    synchronized (watches) {
      if (line != Line.UP) {
        held.add(new Held(word, () -> {}));
        return;
      }
    }
    word.run();
  }

  private static <T> void pass(CompletionStage<T> from, CompletableFuture<T> to) {
    CompletionStage<T> unused =
        from.whenComplete(
            (value, failure) -> {
              if (failure == null) {
                to.complete(value);
              } else {
                to.completeExceptionally(failure);
              }
            });
  }

  private static RegistryException unavailable() {
    return RegistryException.unavailable("the line to the store is cut", null);
  }

  private static RegistryException denied() {
    return RegistryException.denied("the store refuses this client", null);
  }

  private final class FlakyLease implements Lease {
    private final Lease lease;

    FlakyLease(Lease lease) {
      this.lease = lease;
    }

    @Override
    public Duration ttl() {
      return lease.ttl();
    }

    @Override
    public CompletionStage<Void> renew() {
      return send(lease::renew);
    }
  }

  private final class FlakyWatch implements Watch {
    private final Selector selector;
    private final SerialSink sink;
    private Optional<Watch> inner = Optional.empty();
    private Optional<Gate> gate = Optional.empty();
    private boolean closed;

    FlakyWatch(Selector selector, WatchSink sink) {
      this.selector = selector;
      this.sink = new SerialSink(sink);
    }

    void told(Line line) {
      if (line == Line.CUT) {
        sink.interrupted(unavailable());
      } else if (line == Line.DENIED) {
        sink.interrupted(denied());
      }
    }

    void attach() {
      Gate through = new Gate();
      synchronized (this) {
        if (closed || gate.isPresent()) {
          return;
        }
        gate = Optional.of(through);
      }
      Watch opened = FlakyBackend.super.watch(selector, through);
      synchronized (this) {
        if (gate.filter(through::equals).isPresent()) {
          inner = Optional.of(opened);
          return;
        }
      }
      opened.close();
    }

    void detach(Optional<RegistryException> cause) {
      Optional<Watch> open;
      synchronized (this) {
        open = inner;
        inner = Optional.empty();
        gate = Optional.empty();
      }
      open.ifPresent(Watch::close);
      cause.ifPresent(sink::interrupted);
    }

    @Override
    public void close() {
      synchronized (watches) {
        watches.remove(this);
      }
      synchronized (this) {
        closed = true;
      }
      sink.close();
      detach(Optional.empty());
    }

    /** What one inner watch says, which passes for as long as the line holds that it came by. */
    private final class Gate extends SerialSink {
      Gate() {
        super(sink);
      }

      @Override
      void call(Consumer<WatchSink> call) {
        synchronized (FlakyWatch.this) {
          if (gate.filter(this::equals).isEmpty()) {
            return;
          }
          sink.enqueue(call);
        }
        sink.drain();
      }
    }
  }
}
