package dev.rollcall.spi.support;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs asynchronous tasks of one key one after the other, in the order in which they were asked
 * for, and those of different keys side by side. A task begins on the thread that asks for it or
 * that has ended the one before; a long line is worked off in a loop, not in a recursion. A task
 * whose answer is given before its turn, by a deadline or a close, is left out.
 *
 * <p>Thread-safe. The monitor of {@code lines} guards it and all lines; no task and no completion
 * runs under it. It holds an entry only for keys at work.
 *
 * @param <K> the kind of key
 * @since 0.1.0
 */
public final class KeyedSequencer<K> {
  private final Map<K, Line> lines = new HashMap<>();

  /** The tasks of one key. */
  private static final class Line {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean underWay; // a task has begun and not ended
    private boolean looping; // a thread is in the loop of advance()
  }

  /** Creates one without tasks. */
  public KeyedSequencer() {}

  /**
   * Runs a task when all earlier ones of its key have ended, successfully or not.
   *
   * @param key whose turn to take
   * @param task begins the work; what it throws fails the future
   * @param <T> the kind of result
   * @return ends as the task does
   */
  public <T extends @Nullable Object> CompletableFuture<T> run(
      K key, Supplier<? extends CompletionStage<T>> task) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    run(key, answer, task);
    return answer;
  }

  /**
   * Runs a task when all earlier ones of its key have ended, unless its answer is given by then.
   *
   * @param key whose turn to take
   * @param answer ends as the task does, where nothing else ends it first
   * @param task begins the work; what it throws fails the answer
   * @param <T> the kind of result
   */
  public <T extends @Nullable Object> void run(
      K key, CompletableFuture<T> answer, Supplier<? extends CompletionStage<T>> task) {
    Line line;
    synchronized (lines) {
      line = lines.computeIfAbsent(key, missing -> new Line());
      Line own = line;
      line.waiting.add(() -> begin(key, own, answer, task));
    }
    advance(key, line);
  }

  private <T extends @Nullable Object> void begin(
      K key, Line line, CompletableFuture<T> answer, Supplier<? extends CompletionStage<T>> task) {
    CompletionStage<T> begun = answer.isDone() ? answer : Futures.call(task);
    var unused =
        begun.whenComplete(
            (value, failed) -> {
              synchronized (lines) {
                line.underWay = false;
              }
              Futures.complete(answer, value, failed);
              advance(key, line);
            });
  }

  private void advance(K key, Line line) {
    synchronized (lines) {
      if (line.looping) {
        return; // the thread that loops looks again
      }
      line.looping = true;
    }
    while (true) {
      Runnable next;
      synchronized (lines) {
        if (line.underWay || line.waiting.isEmpty()) {
          line.looping = false;
          if (!line.underWay) {
            lines.remove(key, line);
          }
          return;
        }
        line.underWay = true;
        next = line.waiting.remove();
      }
      next.run();
    }
  }
}
