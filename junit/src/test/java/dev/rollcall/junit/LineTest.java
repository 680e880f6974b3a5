package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Watches on lines, with a store and a sink that are told strings. */
class LineTest {
  private final RegistryException away = RegistryException.unavailable("away", null);

  private final Line line = new Line();
  private final Queue<String> told = new ConcurrentLinkedQueue<>();

  /**
   * What stands in the store for one of its watches: where that one's calls go, and whether open.
   */
  private final List<Consumer<Consumer<Queue<String>>>> stores = new CopyOnWriteArrayList<>();

  private final AtomicInteger open = new AtomicInteger();

  private BreakableWatch<Queue<String>> watch(Line on) {
    return new BreakableWatch<>(
        on,
        told,
        calls -> {
          open.incrementAndGet();
          stores.add(calls);
          calls.accept(sink -> sink.add("state"));
          return open::decrementAndGet;
        },
        (sink, cause) -> sink.add(cause.kind().name()),
        (sink, reason) -> sink.add("doubt " + reason));
  }

  @Test
  void watch_isToldOfEachBreakOnce_andBeginsAnew() {
    BreakableWatch<Queue<String>> watch = watch(line.part());
    watch.open();
    line.breakBy(away);
    watch.follow();
    assertThat(open).hasValue(0);
    line.breakBy(RegistryException.denied("no", null));
    line.mend();
    line.mend();
    watch.close();

    assertThat(told).containsExactly("state", "UNAVAILABLE", "DENIED", "state");
    assertThat(open).hasValue(0);
  }

  @Test
  void whatALeftWatchOfTheStoreStillSays_isDropped() {
    BreakableWatch<Queue<String>> watch = watch(line);
    watch.open();
    line.breakBy(away);
    stores.get(0).accept(sink -> sink.add("late"));
    line.mend();
    stores.get(0).accept(sink -> sink.add("late"));
    stores.get(1).accept(sink -> sink.add("in time"));
    watch.close();
    stores.get(1).accept(sink -> sink.add("late"));

    assertThat(told).containsExactly("state", "UNAVAILABLE", "state", "in time");
  }

  @Test
  void closedWatch_hearsNothing() {
    BreakableWatch<Queue<String>> watch = watch(line);
    watch.open();
    watch.close();
    line.breakBy(away);
    line.mend();

    assertThat(told).containsExactly("state");
  }

  @Test
  void doubt_isToldOnce_andAgainWhereItEnds() {
    Line part = line.part();
    BreakableWatch<Queue<String>> watch = watch(part);
    part.doubt("all went");
    watch.open();
    part.doubt("all went");
    line.mend();

    assertThat(told).containsExactly("state", "doubt all went", "doubt ");
  }

  @Test
  void words_waitForTheLine() {
    Line part = line.part();
    line.breakBy(away);
    part.pass(() -> told.add("word"));
    part.mend();
    assertThat(told).isEmpty();

    line.mend();
    assertThat(told).containsExactly("word");
    part.pass(() -> told.add("another"));
    assertThat(told).containsExactly("word", "another");
  }

  @Test
  void sinkThatIsBusy_isCalledByTheThreadThatIsInIt() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    BreakableWatch<Queue<String>> watch = watch(line);
    watch.open();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<?> busy =
          thread.submit(
              () ->
                  stores
                      .get(0)
                      .accept(
                          sink -> {
                            inside.countDown();
                            await(goOn);
                            sink.add("slow");
                          }));
      await(inside);
      line.breakBy(away);
      assertThat(told).containsExactly("state");

      goOn.countDown();
      busy.get();
      assertThat(told).containsExactly("state", "slow", "UNAVAILABLE");
    } finally {
      goOn.countDown();
      thread.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }

  /** Whatever happens at the same time: one call at a time, and the last state is the line's. */
  @Test
  void racingBreaksAndMends_endInTheStateOfTheLine() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger overlaps = new AtomicInteger();
      List<String> heard = new ArrayList<>(); // by one thread at a time, or the test fails
      BreakableWatch<Consumer<String>> watch =
          new BreakableWatch<>(
              line,
              word -> {
                if (inside.incrementAndGet() > 1) {
                  overlaps.incrementAndGet();
                }
                synchronized (heard) {
                  heard.add(word);
                }
                inside.decrementAndGet();
              },
              calls -> {
                open.incrementAndGet();
                calls.accept(sink -> sink.accept("state"));
                return open::decrementAndGet;
              },
              (sink, cause) -> sink.accept(cause.kind().name()),
              (sink, reason) -> {});
      watch.open();
      for (int round = 0; round < 2000; round++) {
        boolean works = round % 2 == 0;
        Future<?> breaking = threads.submit(() -> line.breakBy(away));
        Future<?> mending = threads.submit(line::mend);
        breaking.get();
        mending.get();
        if (works) {
          line.mend();
        } else {
          line.breakBy(RegistryException.denied("no", null));
        }
        synchronized (heard) {
          assertThat(heard.get(heard.size() - 1)).isEqualTo(works ? "state" : Kind.DENIED.name());
        }
        assertThat(open).hasValue(works ? 1 : 0);
      }
      assertThat(overlaps).hasValue(0);
    } finally {
      threads.shutdownNow();
    }
  }
}
