package dev.rollcall.consul;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A request under way.
 *
 * @param answer completes with the answer, or with a {@link dev.rollcall.RegistryException}
 * @param cancel ends the request, if it is still under way, and frees its connection; the answer
 *     then fails
 */
record Pending<T>(CompletableFuture<T> answer, Runnable cancel) {

  /** Makes something else of the value of an answer. */
  static <A, B> Pending<Indexed<B>> map(Pending<Indexed<A>> of, Function<A, B> made) {
    return new Pending<>(
        of.answer().thenApply(a -> new Indexed<>(made.apply(a.value()), a.index())), of.cancel());
  }
}
