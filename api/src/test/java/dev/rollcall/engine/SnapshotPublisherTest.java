package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The publisher of a service's states. */
class SnapshotPublisherTest extends PublisherRules<Snapshot> {

  /** One service of a registry. */
  private record OfService(ScriptedBackend backend, Registry registry, ServiceView view)
      implements Published<Snapshot> {

    OfService(ScriptedBackend backend, Registry registry) {
      this(backend, registry, registry.service("orders"));
    }

    private ScriptedBackend.Opened watch() {
      return backend.watches.get(0);
    }

    @Override
    public Flow.Publisher<Snapshot> publisher() {
      return view.publisher();
    }

    @Override
    public void load(String... ids) {
      watch().load(Stream.of(ids).map(Samples::instance).toArray(ServiceInstance[]::new));
    }

    @Override
    public void interrupted(RegistryException cause) {
      watch().sink.interrupted(cause);
    }

    @Override
    public void synced() {
      watch().sink.synced();
    }

    @Override
    public List<String> ids(Snapshot state) {
      return state.instances().stream().map(ServiceInstance::id).toList();
    }

    @Override
    public Freshness freshness(Snapshot state) {
      return state.freshness();
    }

    @Override
    public void close() {
      registry.close();
    }
  }

  @Override
  Published<Snapshot> open(boolean onThreads) {
    ScriptedBackend backend = new ScriptedBackend();
    return new OfService(backend, registry(backend, onThreads));
  }

  private OfService service() {
    return (OfService) published;
  }

  @Test
  void instanceThatIsEjected_isNoNews() {
    Recorder<Snapshot> recorder = subscribe(new Recorder<>());
    recorder.subscription().request(9);
    load("a", "b");
    service().view.failed(Samples.instance("a")); // ejected: a matter of picks
    assertThat(ids(recorder)).containsExactly(List.of("a", "b"));
  }

  @Test
  void subscribed_keepsTheWatch_cancelledFreesIt() {
    Recorder<Snapshot> recorder = new Recorder<>();
    service().registry.service("billing").publisher().subscribe(recorder);
    ScriptedBackend.Opened watch = service().backend.lastWatch();
    for (int n = 0; n < 4; n++) {
      System.gc();
      timer.advance(IDLE);
    }
    assertThat(watch.closed).hasValue(0);
    recorder.subscription().cancel();
    await()
        .until(
            () -> {
              System.gc();
              timer.advance(IDLE);
              return watch.closed.get() == 1;
            });
  }

  @Test
  void filteredView_publishesItsOwnStates() {
    Recorder<Snapshot> recorder = new Recorder<>();
    service().view.where(Filter.metadata("k", "v")).publisher().subscribe(recorder);
    recorder.subscription().request(9);
    load("a");
    service()
        .watch()
        .sink
        .apply(
            List.of(
                new InstanceEvent.Put(
                    Samples.instance("b").toBuilder().metadata("k", "v").build())),
            2);
    assertThat(ids(recorder)).containsExactly(List.of(), List.of("b"));
  }
}
