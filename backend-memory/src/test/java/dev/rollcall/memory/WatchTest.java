package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.HEARTBEAT;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.key;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.register;
import static dev.rollcall.memory.Fixture.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.RegistryBackend.Watch;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class WatchTest {
  private final ManualTimer timer = new ManualTimer();
  private final RegistryBackend backend = MemoryStore.create(timer).open();

  private void add(String service, String id) {
    register(backend, instance(service, id), HEARTBEAT, owner("o"));
  }

  @Test
  void watch_ofNothing_startsWithTheEmptyState() {
    Recorder sink = new Recorder();
    backend.watch(Selector.service("orders"), sink);
    assertThat(sink.take()).containsExactly("replace 0", "synced");
    add("orders", "a");
    add("other", "b");
    get(backend.deregister(key("orders", "a"), owner("o")));
    assertThat(sink.take()).containsExactly("put a PASSING", "remove a DEREGISTERED");
  }

  @Test
  void watch_ofEverything_seesEveryService() {
    Recorder sink = new Recorder();
    add("orders", "a");
    backend.watch(Selector.everything(), sink);
    add("other", "b");
    assertThat(sink.take()).containsExactly("replace 1", "synced", "put b PASSING");
  }

  @Test
  void snapshot_carriesTheRevision_whichGrowsByOneAChange() {
    long before = get(backend.snapshot(Selector.everything())).revision();
    add("orders", "a");
    add("orders", "a");
    get(backend.deregister(key("orders", "b"), owner("o")));
    get(backend.deregister(key("orders", "a"), owner("o")));
    assertThat(get(backend.snapshot(Selector.everything())).revision()).isEqualTo(before + 2);
  }

  @Test
  void sink_thatRegistersFromWithin_seesItsOwnChangesInOrder() {
    Recorder sink =
        new Recorder() {
          private int depth;

          @Override
          public void apply(List<InstanceEvent> events, long revision) {
            assertThat(depth++).isZero();
            super.apply(events, revision);
            int next = Integer.parseInt(events.get(0).key().id()) + 1;
            if (next < 10) {
              add("orders", "" + next);
            }
            depth--;
          }
        };
    backend.watch(Selector.service("orders"), sink);
    sink.take();
    add("orders", "0");
    assertThat(sink.take())
        .isEqualTo(IntStream.range(0, 10).mapToObj(i -> "put " + i + " PASSING").toList());
  }

  @Test
  void sink_thatThrows_staysSubscribed() {
    Recorder sink =
        new Recorder() {
          @Override
          public void apply(List<InstanceEvent> events, long revision) {
            super.apply(events, revision);
            throw new AssertionError("thrown by a test's sink, on purpose");
          }
        };
    backend.watch(Selector.service("orders"), sink);
    sink.take();
    add("orders", "a");
    add("orders", "b");
    assertThat(sink.take()).containsExactly("put a PASSING", "put b PASSING");
  }

  @Test
  void watch_closedFromWithin_hearsNothingMore() {
    AtomicReference<Watch> watch = new AtomicReference<>();
    Recorder sink =
        new Recorder() {
          @Override
          public void apply(List<InstanceEvent> events, long revision) {
            super.apply(events, revision);
            add("orders", "later");
            watch.get().close();
          }
        };
    watch.set(backend.watch(Selector.service("orders"), sink));
    sink.take();
    add("orders", "a");
    add("orders", "b");
    assertThat(sink.take()).containsExactly("put a PASSING");
  }

  @Test
  void close_whileTheSinkIsBeingCalled_returnsAndNoFurtherCallBegins() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch proceed = new CountDownLatch(1);
    Recorder sink =
        new Recorder() {
          @Override
          public void apply(List<InstanceEvent> events, long revision) {
            inside.countDown();
            awaitLatch(proceed);
            super.apply(events, revision);
          }
        };
    Watch watch = backend.watch(Selector.service("orders"), sink);
    sink.take();
    Thread writer = new Thread(() -> add("orders", "a"));
    writer.start();
    inside.await();
    add("orders", "b");
    watch.close();
    assertThat(sink.take()).isEmpty();
    proceed.countDown();
    writer.join();
    assertThat(sink.take()).containsExactly("put a PASSING");
  }

  @Test
  void slowSink_losesIntermediateStatesOnly() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch proceed = new CountDownLatch(1);
    Recorder sink =
        new Recorder() {
          @Override
          public void apply(List<InstanceEvent> events, long revision) {
            if (proceed.getCount() > 0) {
              inside.countDown();
              awaitLatch(proceed);
            }
            super.apply(events, revision);
          }
        };
    backend.watch(Selector.service("orders"), sink);
    sink.take();
    Thread writer = new Thread(() -> add("orders", "a"));
    writer.start();
    inside.await();
    int many = Watcher.MAX_PENDING + 1000;
    for (int i = 0; i < many; i++) {
      add("orders", "b" + i);
    }
    proceed.countDown();
    writer.join();
    assertThat(sink.take()).containsExactly("put a PASSING", "replace " + (many + 1));
    assertThat(sink.state()).isEqualTo(snapshot(backend, "orders"));
    add("orders", "c");
    assertThat(sink.take()).containsExactly("put c PASSING");
  }

  @Test
  void busyWatch_isHandedToTheTimer() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch proceed = new CountDownLatch(1);
    Recorder sink =
        new Recorder() {
          @Override
          public void apply(List<InstanceEvent> events, long revision) {
            inside.countDown();
            awaitLatch(proceed);
            super.apply(events, revision);
          }
        };
    backend.watch(Selector.service("orders"), sink);
    Thread writer = new Thread(() -> add("orders", "a"));
    writer.start();
    inside.await();
    for (int i = 0; i < 2000; i++) {
      add("orders", "b" + i);
    }
    proceed.countDown();
    writer.join();
    assertThat(sink.state()).hasSizeLessThan(2001);
    timer.advance(Duration.ZERO);
    assertThat(sink.state()).hasSize(2001);
  }

  @Test
  void manyWatchers_opening_seeNoGapBetweenStateAndChanges() throws InterruptedException {
    Thread writer =
        new Thread(
            () -> {
              for (int i = 0; i < 5000; i++) {
                ServiceInstance one = instance("orders", "" + i % 50).toBuilder().weight(i).build();
                register(backend, one, Liveness.permanent(), owner("o"));
              }
            });
    List<Recorder> sinks = new ArrayList<>();
    writer.start();
    while (writer.isAlive()) {
      Recorder sink = new Recorder();
      sinks.add(sink);
      backend.watch(Selector.service("orders"), sink);
      if (sinks.size() > 200) {
        break;
      }
    }
    writer.join();
    timer.advance(Duration.ZERO);
    List<ServiceInstance> last = snapshot(backend, "orders");
    assertThat(sinks).isNotEmpty().allSatisfy(sink -> assertThat(sink.state()).isEqualTo(last));
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException stop) {
      throw new IllegalStateException(stop);
    }
  }
}
