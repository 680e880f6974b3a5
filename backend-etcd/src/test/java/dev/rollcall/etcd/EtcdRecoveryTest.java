package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.remove;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.ForgetfulRouter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/** What waits on connections that have died without a word, once the store answers on others. */
@Timeout(300)
final class EtcdRecoveryTest {
  private static final int INSTANCES = 20;

  private final Rig rig = new Rig();
  private EtcdServer server;
  private ForgetfulRouter router;
  private EtcdBackend beside;

  @BeforeEach
  void open() {
    server = rig.closing(EtcdServer.launch("3.5"));
    router = rig.closing(ForgetfulRouter.to(server));
    beside = rig.backend("etcd://127.0.0.1:" + server.port());
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  @DisplayName("what expired or was removed meanwhile is registered, and views are live, in time")
  void registrationsAndViews_areBackInTime() {
    recover();
  }

  @RepeatedTest(10)
  @Tag("long")
  @DisplayName("the same, within 2 s of the first answer")
  void registrationsAndViews_areBackInTwoSeconds(TestReporter reporter) {
    Duration took = recover();
    Rig.report(reporter, "as desired after the first answer", took.toMillis() + " ms");
    assertThat(took).isLessThan(Duration.ofSeconds(2));
  }

  /** Returns how long after the first answer since the line was healed all was as desired. */
  private Duration recover() {
    Registry registry = rig.registry("etcd://127.0.0.1:" + router.port());
    List<Liveness> livenesses =
        List.of(
            Liveness.heartbeat(Duration.ofSeconds(3)),
            Liveness.heartbeat(Duration.ofMinutes(5)),
            Liveness.permanent());
    List<Registration> registrations = new ArrayList<>();
    for (int i = 0; i < INSTANCES; i++) {
      registrations.add(
          done(registry.register(instance("i" + i, i), livenesses.get(i % livenesses.size()))));
    }
    ServiceView own = registry.service(Rig.SERVICE);
    ServiceView other = registry.service("other");
    within(Rig.PATIENCE, () -> assertThat(own.instances()).hasSize(INSTANCES));
    within(
        Rig.PATIENCE,
        () -> assertThat(other.snapshot().freshness()).isInstanceOf(Freshness.Live.class));

    router.forget();
    within(
        Rig.PATIENCE,
        () -> assertThat(stored(beside)).hasSize(INSTANCES - (INSTANCES + 2) / livenesses.size()));
    for (int i = 0; i < INSTANCES; i += 2) {
      remove(beside, "i" + i);
    }
    put(beside, ServiceInstance.builder("other").id("new").address("127.0.0.1", 9).build());
    router.heal();

    within(Rig.PATIENCE, () -> assertThat(router.isAnswered()).isTrue());
    within(
        Rig.PATIENCE,
        () -> {
          assertThat(stored(beside)).hasSize(INSTANCES);
          assertThat(own.instances()).hasSize(INSTANCES);
          assertThat(other.instances()).hasSize(1);
          assertThat(registrations).allMatch(one -> one.state() == Registration.State.ACTIVE);
        });
    return Duration.ofNanos(System.nanoTime() - router.answeredNanos());
  }
}
