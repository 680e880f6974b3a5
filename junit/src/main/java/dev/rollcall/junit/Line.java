package dev.rollcall.junit;

import dev.rollcall.RegistryException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way to the store, or to a part of it, as a test wants it: it works, or all that goes along it
 * fails with one cause. The line of a part works where the line to the store does as well.
 *
 * <p>One lock, {@code guard}, is shared by a line and its parts and guards every field that
 * changes. It is never held while a watch is told or anything else is called.
 */
final class Line {
  private final Object guard;
  private final @Nullable Line whole;
  private final List<Line> parts = new ArrayList<>();
  private final Set<BreakableWatch<?>> watches = new LinkedHashSet<>();
  private final List<Runnable> held = new ArrayList<>();
  private @Nullable RegistryException fault;
  private String doubt = "";

  /** Creates the line to a store. */
  Line() {
    guard = new Object();
    whole = null;
  }

  private Line(Line whole) {
    guard = whole.guard;
    this.whole = whole;
  }

  /** Creates the line to a part of the store that this one leads to. */
  Line part() {
    Line part = new Line(this);
    synchronized (guard) {
      parts.add(part);
    }
    return part;
  }

  /** Breaks the line: calls fail with the cause, watches are interrupted by it. */
  void breakBy(RegistryException cause) {
    synchronized (guard) {
      fault = cause;
    }
    told();
  }

  /** Has the store doubt the removals that it sees, for a reason. */
  void doubt(String reason) {
    synchronized (guard) {
      doubt = reason;
    }
    told();
  }

  /** Makes all as it was at first, for the parts as well. */
  void mend() {
    List<Runnable> late = new ArrayList<>();
    synchronized (guard) {
      mendHere();
      parts.forEach(Line::mendHere);
      release(late);
      parts.forEach(part -> part.release(late));
    }
    late.forEach(Runnable::run);
    told();
  }

  private void mendHere() {
    fault = null;
    doubt = "";
  }

  private void release(List<Runnable> into) {
    if (fault().isEmpty()) {
      into.addAll(held);
      held.clear();
    }
  }

  private void told() {
    List<BreakableWatch<?>> all;
    synchronized (guard) {
      all = new ArrayList<>(watches);
      parts.forEach(part -> all.addAll(part.watches));
    }
    all.forEach(BreakableWatch::follow);
  }

  /** Returns what breaks this line or the one that it is a part of. */
  Optional<RegistryException> fault() {
    synchronized (guard) {
      return fault != null || whole == null ? Optional.ofNullable(fault) : whole.fault();
    }
  }

  /** Returns why the store doubts removals; empty where it does not. */
  String doubt() {
    synchronized (guard) {
      return doubt;
    }
  }

  /** Makes a call, or fails it where the line is broken. */
  <T extends @Nullable Object> CompletionStage<T> send(Supplier<CompletionStage<T>> call) {
    return fault().<CompletionStage<T>>map(CompletableFuture::failedFuture).orElseGet(call);
  }

  /** Passes a word of the store's on, once the line works. */
  void pass(Runnable word) {
    synchronized (guard) {
      if (fault().isPresent()) {
        held.add(word);
        return;
      }
    }
    word.run();
  }

  void add(BreakableWatch<?> watch) {
    synchronized (guard) {
      watches.add(watch);
    }
  }

  void remove(BreakableWatch<?> watch) {
    synchronized (guard) {
      watches.remove(watch);
    }
  }
}
