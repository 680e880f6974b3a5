package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** W14. The instances accept connections unless a test closes their socket. */
abstract class MassLossClauses extends Clauses {
  private static final Duration BOUND = Duration.ofSeconds(4);

  private ServerSocket socket;

  MassLossClauses(RegistryContract store) {
    super(store);
  }

  @BeforeEach
  final void listen() throws IOException {
    socket = closing(new ServerSocket(0, 200, InetAddress.getLoopbackAddress()));
  }

  @Override
  ServiceInstance instance(String id) {
    return super.instance(id).toBuilder().address("127.0.0.1", socket.getLocalPort()).build();
  }

  @Test
  @DisplayName(
      "W14 mass loss: what still accepts connections stays readable, protected, for a time")
  @IfItFails("does a removal that is no clean departure take effect at once, or never?")
  void w14_massLoss_isDoubtedForABoundedTime() {
    ScriptedBackend scripted = new ScriptedBackend(store.open(time.timer()));
    ServiceView view = guarded(scripted).service(service);
    WatchSink sink = fill(scripted, view, 4);

    sink.replace(Selector.service(service), List.of(), 2);

    eventually(
        () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Protected.class));
    assertThat(view.instances()).hasSize(4);
    time.pass(BOUND.dividedBy(2));
    assertThat(view.instances()).hasSize(4);
    within(BOUND.plusSeconds(10), () -> assertThat(view.instances()).isEmpty());
    eventually(() -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
  }

  @Test
  @DisplayName("W14 mass loss: what comes back ends the protection")
  @IfItFails("is the protection taken away once the share is there again?")
  void w14_massLoss_endsWhenTheyComeBack() {
    ScriptedBackend scripted = new ScriptedBackend(store.open(time.timer()));
    ServiceView view = guarded(scripted).service(service);
    WatchSink sink = fill(scripted, view, 4);
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    eventually(() -> assertThat(checker.instances()).hasSize(4));
    sink.replace(Selector.service(service), List.of(), 2);
    eventually(
        () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Protected.class));

    sink.replace(Selector.service(service), instances(4), 3);

    eventually(() -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
    settle();
    assertThat(view.instances()).hasSize(4);
    assertThat(checker.changes()).hasSize(1);
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W14 mass loss: what accepts no connection is let go within seconds")
  @IfItFails("is each of the missing ones probed, and the failing ones let go?")
  void w14_massLoss_theDeadAreLetGo() throws IOException {
    ScriptedBackend scripted = new ScriptedBackend(store.open(time.timer()));
    ServiceView view = guarded(scripted).service(service);
    WatchSink sink = fill(scripted, view, 4);
    socket.close();

    sink.apply(
        List.of(
            new InstanceEvent.Remove(key("i0"), Departure.EXPIRED),
            new InstanceEvent.Remove(key("i1"), Departure.EXPIRED),
            new InstanceEvent.Remove(key("i2"), Departure.UNKNOWN),
            new InstanceEvent.Remove(key("i3"), Departure.UNKNOWN)),
        2);

    within(Duration.ofSeconds(10), () -> assertThat(view.instances()).isEmpty());
  }

  @Test
  @DisplayName("W14 mass loss: a clean departure shows at once, even the last one's")
  @IfItFails("is a removal that says DEREGISTERED held back?")
  void w14_massLoss_cleanDeparturesAreBelieved() {
    Registry owner = process();
    List<Registration> registrations = new ArrayList<>();
    for (ServiceInstance instance : instances(4)) {
      registrations.add(await(owner.register(instance, heartbeat())));
    }
    var backend = store.open(time.timer());
    boolean told = backend.capabilities().tellsDepartures();
    ServiceView view = guarded(backend).service(service);
    eventually(() -> assertThat(view.instances()).hasSize(4));
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    eventually(() -> assertThat(checker.instances()).hasSize(4));

    if (told) {
      registrations.forEach(registration -> await(registration.deregister()));
      within(Duration.ofSeconds(5), () -> assertThat(view.instances()).isEmpty());
      assertThat(checker.freshness()).noneMatch(Freshness.Protected.class::isInstance);
      assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    } else {
      // The nearest promise: who has left and stopped serving is probed, and gone a second later.
      closeSocket();
      registrations.forEach(registration -> await(registration.deregister()));
      within(Duration.ofSeconds(10), () -> assertThat(view.instances()).isEmpty());
    }
    eventually(() -> assertThat(checker.instances()).isEmpty());
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W14 mass loss: a small loss is no mass loss")
  @IfItFails("is the share taken of those that passed before?")
  void w14_massLoss_aSmallOneIsBelieved() {
    ScriptedBackend scripted = new ScriptedBackend(store.open(time.timer()));
    ServiceView view = guarded(scripted).service(service);
    WatchSink sink = fill(scripted, view, 8);

    sink.remove(key("i0"), Departure.EXPIRED, 2);
    sink.remove(key("i1"), Departure.UNKNOWN, 3);

    within(Duration.ofSeconds(1), () -> assertThat(view.instances()).hasSize(6));
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
  }

  private Registry guarded(RegistryBackend backend) {
    return process(backend, settings -> settings.massLossProtection(0.5, BOUND));
  }

  private List<ServiceInstance> instances(int count) {
    List<ServiceInstance> instances = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      instances.add(instance("i" + i));
    }
    return instances;
  }

  private WatchSink fill(ScriptedBackend scripted, ServiceView view, int count) {
    eventually(() -> assertThat(scripted.sink).isPresent());
    WatchSink sink = scripted.sink.orElseThrow();
    sink.replace(Selector.service(service), instances(count), 1);
    sink.synced();
    eventually(() -> assertThat(view.instances()).hasSize(count));
    return sink;
  }

  private void closeSocket() {
    try {
      socket.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
