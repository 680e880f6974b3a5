package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Absence;
import dev.rollcall.Change;
import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FakeServiceTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @RegisterExtension final RollcallExtension rollcall = RollcallExtension.inMemory();

  private FakeService payments() {
    return rollcall.service("payments");
  }

  private static List<String> ids(List<ServiceInstance> instances) {
    return instances.stream().map(ServiceInstance::id).toList();
  }

  private static Freshness freshness(ServiceView view) {
    return view.snapshot().freshness();
  }

  @Test
  void states_showAtOnce() {
    ServiceView view = payments().view();
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);

    payments().passing("10.0.0.7:80", "[::1]:81").warning("h:82").critical("h:83");

    assertThat(ids(view.instances())).containsExactly("10.0.0.7:80", "[::1]:81");
    assertThat(ids(view.snapshot().all()))
        .containsExactly("10.0.0.7:80", "[::1]:81", "h:82", "h:83");
    assertThat(view.instances().get(1).address()).isEqualTo(new HostPort("::1", 81));

    payments().gone("[::1]:81", "nobody:1").passing("h:82");
    assertThat(ids(view.instances())).containsExactly("10.0.0.7:80", "h:82");

    payments().allGone();
    assertThat(view.snapshot().all()).isEmpty();
    payments().passing("h:82");
    assertThat(ids(view.instances())).containsExactly("h:82");
  }

  @Test
  void put_keepsEveryField() {
    ServiceInstance canary =
        ServiceInstance.builder("payments")
            .id("c")
            .address("10.0.0.9", 80)
            .tag("canary")
            .weight(7)
            .health(Health.PASSING)
            .build();
    payments().passing("10.0.0.7:80").put(canary);

    assertThat(payments().view().where(Filter.tag("canary")).instances()).containsExactly(canary);
    assertThat(payments().instances()).hasSize(2).contains(canary);
  }

  @Test
  void put_refusesTheInstanceOfAnotherService() {
    ServiceInstance orders = ServiceInstance.builder("orders").id("o").address("h", 1).build();

    assertThatThrownBy(() -> payments().put(orders))
        .isInstanceOf(RegistryException.class)
        .hasMessage("service: \"orders\" (expected: \"payments\"), instance o");
    assertThat(payments().instances()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "h", "h:", ":80", "h:x", "::1:80", "h:999999", "h:1:2"})
  void address_isRefused(String address) {
    assertThatThrownBy(() -> payments().passing(address))
        .isInstanceOf(RegistryException.class)
        .hasMessage(
            "address: \""
                + address
                + "\" (expected: host:port, an IPv6 address in brackets), service payments");
  }

  @Test
  void portOutOfRange_isRefused() {
    assertThatThrownBy(() -> payments().passing("h:65536"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("port: 65536 (expected: 1-65535)");
  }

  @Test
  void name_isCheckedAtTheDoor() {
    assertThatThrownBy(() -> rollcall.service("a/b"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("service: \"a/b\"");
  }

  @Test
  void listeners_hearOfStatesAndOutages() throws Exception {
    BlockingQueue<Change> heard = new LinkedBlockingQueue<>();
    payments().passing("h:1");
    Subscription listening = payments().view().watch(heard::add);
    assertThat(ids(next(heard).now().instances())).containsExactly("h:1");
    payments().passing("h:2");
    assertThat(ids(next(heard).added())).containsExactly("h:2");
    payments().gone("h:1");
    assertThat(ids(next(heard).removed())).containsExactly("h:1");

    listening.close();
    payments().passing("h:3");
    assertThat(heard).isEmpty();
  }

  private static Change next(BlockingQueue<Change> heard) throws InterruptedException {
    Change next = heard.poll(1, TimeUnit.MINUTES);
    assertThat(next).isNotNull();
    return next;
  }

  @Test
  void outage_isOfThisServiceAlone() {
    FakeService orders = rollcall.service("orders").passing("h:2");
    ServiceView view = payments().passing("h:1").view();

    payments().outage();

    assertThat(freshness(view))
        .isInstanceOfSatisfying(
            Freshness.Stale.class,
            stale -> {
              assertThat(stale.cause().kind()).isEqualTo(Kind.UNAVAILABLE);
              assertThat(stale.cause()).hasMessageContaining("service payments is away");
            });
    assertThat(ids(view.instances())).containsExactly("h:1");
    assertThat(freshness(orders.view())).isInstanceOf(Freshness.Live.class);
    assertThat(rollcall.registry().snapshot("orders").join().all()).hasSize(1);
    assertThatThrownBy(() -> rollcall.registry().snapshot("payments").join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(RegistryException.class);
  }

  @Test
  void whatHappensInAnOutage_showsAfterwards() {
    ServiceView view = payments().passing("h:1").view();

    payments().outage().passing("h:2").gone("h:1");
    assertThat(ids(view.instances())).containsExactly("h:1");
    assertThat(ids(payments().instances())).containsExactly("h:2");

    payments().recover();
    assertThat(ids(view.instances())).containsExactly("h:2");
    assertThat(freshness(view)).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void outageBeforeTheFirstState_keepsTheViewLoading() {
    ServiceView view = payments().passing("h:1").outage().view();

    assertThat(freshness(view))
        .isInstanceOfSatisfying(
            Freshness.Loading.class, loading -> assertThat(loading.cause()).isPresent());
    assertThat(view.snapshot().explain())
        .get()
        .extracting(Absence::reason)
        .isEqualTo(Absence.Reason.NOT_LOADED);

    payments().recover();
    assertThat(ids(view.await(LONG).instances())).containsExactly("h:1");
  }

  @Test
  void denial_isToldAsSuch() {
    ServiceView view = payments().passing("h:1").view();

    payments().denied();

    assertThat(freshness(view))
        .isInstanceOfSatisfying(
            Freshness.Stale.class,
            stale -> assertThat(stale.cause().kind()).isEqualTo(Kind.DENIED));
    payments().outage();
    assertThat(freshness(view))
        .isInstanceOfSatisfying(
            Freshness.Stale.class,
            stale -> assertThat(stale.cause().kind()).isEqualTo(Kind.UNAVAILABLE));
  }

  @Test
  void doubt_protects_alsoViewsThatComeLater() {
    ServiceView view = payments().passing("h:1").view();
    FakeService orders = rollcall.service("orders").doubted("half of them went at once");

    payments().doubted("half of them went at once");

    for (ServiceView each : List.of(view, orders.view())) {
      assertThat(freshness(each))
          .isInstanceOfSatisfying(
              Freshness.Protected.class,
              held -> assertThat(held.cause()).contains("half of them went at once"));
    }
    payments().recover();
    assertThat(freshness(view)).isInstanceOf(Freshness.Live.class);
    assertThat(freshness(orders.view())).isInstanceOf(Freshness.Protected.class);
    assertThatThrownBy(() -> payments().doubted("")).isInstanceOf(RegistryException.class);
  }

  @Test
  void recoveryOfTheStore_endsDoubtsAsWell() {
    ServiceView view = payments().passing("h:1").view();
    payments().outage().doubted("all went");
    assertThat(freshness(view)).isInstanceOf(Freshness.Stale.class);

    rollcall.recover();
    assertThat(freshness(view)).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void registrationOfTheCodeUnderTest_isFencedByOneOfTheSameId() {
    ServiceInstance self = ServiceInstance.builder("payments").id("a").address("h", 1).build();
    Registration registration =
        rollcall.registry().register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();
    assertThat(payments().instances()).containsExactly(self);

    payments().put(self.toBuilder().address("h", 2).build());

    await().until(() -> registration.state() == Registration.State.FENCED);
  }

  @Test
  void registrationOfTheCodeUnderTest_comesBackByItself() {
    ServiceInstance self = ServiceInstance.builder("payments").id("a").address("h", 1).build();
    Registration registration =
        rollcall.registry().register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();
    await().until(() -> registration.state() == Registration.State.ACTIVE);

    payments().gone("a");

    await().until(() -> payments().instances().equals(List.of(self)));
    await().until(() -> registration.state() == Registration.State.ACTIVE);
  }
}
