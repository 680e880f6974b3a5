package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Catalog;
import dev.rollcall.CatalogSnapshot;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The publisher of the catalog's states. */
class CatalogPublisherTest extends PublisherRules<CatalogSnapshot> {

  /** The catalog of a registry, whose services are told apart by their names. */
  private record OfCatalog(ScriptedBackend backend, Registry registry, Catalog catalog)
      implements Published<CatalogSnapshot> {

    OfCatalog(ScriptedBackend backend, Registry registry) {
      this(backend, registry, registry.catalog());
    }

    private ScriptedBackend.Opened watch() {
      return backend.watches.get(0);
    }

    @Override
    public Flow.Publisher<CatalogSnapshot> publisher() {
      return catalog.publisher();
    }

    @Override
    public void load(String... ids) {
      watch()
          .load(
              Stream.of(ids)
                  .map(id -> Samples.instanceOf(id, "1"))
                  .toArray(ServiceInstance[]::new));
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
    public List<String> ids(CatalogSnapshot state) {
      return List.copyOf(state.services().keySet());
    }

    @Override
    public Freshness freshness(CatalogSnapshot state) {
      return state.freshness();
    }

    @Override
    public void close() {
      registry.close();
    }
  }

  @Override
  Published<CatalogSnapshot> open(boolean onThreads) {
    ScriptedBackend backend = new ScriptedBackend();
    return new OfCatalog(backend, registry(backend, onThreads));
  }

  private OfCatalog catalog() {
    return (OfCatalog) published;
  }

  @Test
  void changeWithinAService_isNews_andTheStatesBeforeItStay() {
    Recorder<CatalogSnapshot> recorder = subscribe(new Recorder<>());
    recorder.subscription().request(9);
    load("billing", "orders");
    ServiceInstance sick = Samples.instanceOf("orders", "1").withHealth(Health.CRITICAL);
    catalog().watch().sink.apply(List.of(new InstanceEvent.Put(sick)), 2);
    catalog().watch().sink.apply(List.of(new InstanceEvent.Put(sick)), 3);
    assertThat(recorder.states).hasSize(2);
    Snapshot before = recorder.states.get(0).services().get("orders");
    Snapshot now = recorder.states.get(1).services().get("orders");
    assertThat(before.instances()).hasSize(1);
    assertThat(now.instances()).isEmpty();
    assertThat(now.all()).containsExactly(sick);
    assertThat(recorder.states.get(1).services().get("billing"))
        .isSameAs(recorder.states.get(0).services().get("billing"));
  }

  @Test
  void snapshot_isThePresentState() {
    assertThat(catalog().catalog.snapshot().services()).isEmpty();
    assertThat(catalog().catalog.snapshot().freshness()).isInstanceOf(Freshness.Loading.class);
    load("billing", "orders");
    CatalogSnapshot state = catalog().catalog.snapshot();
    load("orders");
    assertThat(state.services()).containsOnlyKeys("billing", "orders");
    assertThat(state.freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(catalog().catalog.snapshot().services()).containsOnlyKeys("orders");
    interrupted();
    assertThat(catalog().catalog.snapshot().services()).containsOnlyKeys("orders");
    assertThat(catalog().catalog.snapshot().services().get("orders").freshness())
        .isInstanceOf(Freshness.Stale.class);
  }

  private void interrupted() {
    catalog().interrupted(RegistryException.unavailable("cut", null));
  }
}
