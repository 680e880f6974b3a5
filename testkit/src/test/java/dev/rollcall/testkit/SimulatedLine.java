package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** The network between one process and the store, and all that can go wrong on it. */
final class SimulatedLine {
  /** When a client gives a call up. */
  private static final long CALL_DEADLINE = SimulatedWorld.millis(2000);

  /** What becomes of a call. */
  private enum Fate {
    WELL,
    /** It does not arrive. */
    LOST,
    /** It is carried out, and nobody hears of it. */
    UNHEARD,
    /** It is given up, and then carried out. */
    LATE
  }

  private static final List<Fate> FATES =
      List.of(Fate.WELL, Fate.LOST, Fate.UNHEARD, Fate.LATE, Fate.LATE);

  /** Told what becomes of a request, so that somebody knows what may still arrive. */
  interface Flight {
    Flight UNSEEN =
        new Flight() {
          @Override
          public void begins() {}

          @Override
          public void ends() {}
        };

    void begins();

    void ends();
  }

  private final SimulatedWorld world;
  private final SimulatedHost host;
  private final SimulatedStore store;
  private final SimulatedTwist twist;
  private boolean up = true;
  private double losses;
  private final Map<Long, CompletableFuture<?>> underWay = new LinkedHashMap<>();
  private long calls;
  private boolean closed;

  SimulatedLine(
      SimulatedWorld world, SimulatedHost host, SimulatedStore store, SimulatedTwist twist) {
    this.world = world;
    this.host = host;
    this.store = store;
    this.twist = twist;
  }

  SimulatedHost host() {
    return host;
  }

  SimulatedStore store() {
    return store;
  }

  SimulatedTwist twist() {
    return twist;
  }

  boolean isUp() {
    return up;
  }

  /** Cuts the process off, or no longer. */
  void up(boolean now) {
    up = now;
  }

  /** Sets which share of the calls meets with something. */
  void losses(double share) {
    losses = share;
  }

  /** Ends all calls that are under way, and takes no more. */
  void close() {
    closed = true;
    List.copyOf(underWay.values())
        .forEach(
            answer ->
                answer.completeExceptionally(
                    RegistryException.unavailable("this client is closed", null)));
  }

  long delay() {
    return world.chance(0.05) ? world.between(50, 400) : world.random.nextLong(200_000, 20_000_000);
  }

  /** Tells the process something that it did not ask for, if that gets there. */
  void word(Runnable word) {
    if (up && !world.chance(losses)) {
      world.after(
          delay(),
          host,
          () -> {
            if (!closed) {
              word.run();
            }
          });
    }
  }

  /** Asks the store. What is done there may be done late, or not be heard of, or neither. */
  <T> CompletionStage<T> call(Flight flight, Supplier<T> atStore) {
    if (closed) {
      return CompletableFuture.failedFuture(
          RegistryException.unavailable("this client is closed", null));
    }
    CompletableFuture<T> answer = new CompletableFuture<>();
    boolean bad = losses > 0 && world.chance(losses);
    if (up && !bad && !store.host().isStalled() && world.chance(0.1)) {
      flight.begins();
      answer(atStore, answer);
      flight.ends();
      return answer;
    }
    SimulatedWorld.Task deadline =
        world.after(
            CALL_DEADLINE,
            host,
            () ->
                answer.completeExceptionally(
                    RegistryException.unavailable("no answer from the store", null)));
    long number = calls++;
    underWay.put(number, answer);
    answer.whenComplete(
        (value, failed) -> {
          deadline.cancel();
          underWay.remove(number);
        });
    Fate fate = !up ? Fate.LOST : bad ? world.oneOf(FATES) : Fate.WELL;
    if (fate == Fate.LOST) {
      fail(answer);
      return answer;
    }
    flight.begins();
    if (fate == Fate.LATE) {
      world.after(
          CALL_DEADLINE + world.between(100, 8000),
          store.host(),
          () -> {
            arrive(flight, atStore, new CompletableFuture<>());
          });
      fail(answer);
      return answer;
    }
    boolean heard = fate == Fate.WELL;
    if (!heard) {
      fail(answer);
    }
    world.after(
        delay(),
        store.host(),
        () -> {
          CompletableFuture<T> done = new CompletableFuture<>();
          arrive(flight, atStore, done);
          if (heard && up) {
            world.after(
                delay(),
                host,
                () ->
                    done.whenComplete(
                        (value, failed) -> {
                          if (failed == null) {
                            answer.complete(value);
                          } else {
                            answer.completeExceptionally(failed);
                          }
                        }));
          }
        });
    return answer;
  }

  private <T> void arrive(Flight flight, Supplier<T> atStore, CompletableFuture<T> done) {
    flight.ends();
    answer(atStore, done);
  }

  /** A reset is heard of soon, silence at the deadline. */
  private void fail(CompletableFuture<?> answer) {
    if (world.chance(0.5)) {
      world.after(
          world.between(1, 500),
          host,
          () ->
              answer.completeExceptionally(
                  RegistryException.unavailable("the connection was reset", null)));
    }
  }

  private <T> void answer(Supplier<T> atStore, CompletableFuture<T> answer) {
    RegistryException refusal = store.refusal();
    if (refusal != null) {
      answer.completeExceptionally(refusal);
      return;
    }
    try {
      answer.complete(atStore.get());
    } catch (RegistryException refused) {
      answer.completeExceptionally(refused);
    }
  }
}
