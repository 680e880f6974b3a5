package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Catalog;
import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Samples;
import dev.rollcall.ServiceView;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the engine makes of a backend that misses a class, whatever the backend itself says. */
class BrokenClassPathOfARegistryTest extends RegistryFixture {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final String MEMBER = "'void org.slf4j.Logger.nope()'";
  private static final Liveness HEARTBEAT = Liveness.heartbeat(ScriptedBackend.TTL);

  private final RecordedLog log = new RecordedLog();

  @AfterEach
  void closeLog() {
    log.close();
  }

  private static LinkageError broken() {
    return new NoSuchMethodError(MEMBER);
  }

  /** As a backend may say it that knows no better. */
  private static RegistryException unavailable() {
    return RegistryException.unavailable("the store is gone", new IllegalStateException(broken()));
  }

  private static void assertSaysTheJar(ThrowingCallable call) {
    assertThatThrownBy(call)
        .satisfies(thrown -> assertThat(Failures.of(thrown).kind()).isEqualTo(Kind.INVALID))
        .hasMessageContaining(MEMBER)
        .hasMessageContaining("slf4j-api-2.")
        .hasMessageContaining("(version 2.");
  }

  @Test
  void register_failsAtOnceAndIsUndone() {
    backend.onRegister = call -> call.answer.completeExceptionally(unavailable());
    var registering = registry.register(Samples.instance("a"), HEARTBEAT);
    assertSaysTheJar(registering::join);
    assertThat(backend.registers).hasSize(1);
    assertThat(backend.deregisters).hasSize(1); // the answer that could not be read may be a yes
    timer.advance(LONG);
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void announce_isClosedAndSaysWhy() {
    backend.onRegister =
        call -> {
          throw broken();
        };
    Registration registration = registry.announce(Samples.instance("a"), HEARTBEAT);
    assertThat(registration.state()).isEqualTo(Registration.State.CLOSED);
    assertThat(log.warnings()).singleElement().asString().contains(MEMBER, "slf4j-api-2.");
  }

  @Test
  void registrationThatWorked_isNotGivenUp_andSaysSoOnce() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.lastRegister().onRenew = renewal -> renewal.completeExceptionally(broken());
    backend.onRegister = call -> call.answer.completeExceptionally(broken());
    timer.advance(LONG);
    assertThat(registration.state()).isEqualTo(Registration.State.LOST);
    assertThat(log.warnings()).hasSize(2);
    assertThat(log.warnings().get(0)).contains(MEMBER, "slf4j-api-2.");
    assertThat(log.warnings().get(1)).startsWith("lost: orders/a: no renewal was answered");
    backend.onRegister = ScriptedBackend.Register::accept;
    timer.advance(LONG);
    assertThat(registration.state()).isEqualTo(Registration.State.ACTIVE);
  }

  @Test
  void snapshot_failsAsInvalid() {
    backend.listing = CompletableFuture.failedFuture(unavailable());
    assertSaysTheJar(() -> registry.snapshot("orders").join());
  }

  @Test
  void watchThatCannotBegin_failsAtOnce_andTheNextCallTriesAgain() {
    backend.onWatch =
        () -> {
          throw broken();
        };
    assertSaysTheJar(() -> registry.service("orders"));
    assertSaysTheJar(() -> registry.service("orders"));
    assertSaysTheJar(registry::catalog);
    assertSaysTheJar(registry::catalog);
    backend.onWatch = () -> {};
    ServiceView view = registry.service("orders");
    backend.lastWatch().load(Samples.instance("a"));
    assertThat(view.instances()).containsExactly(Samples.instance("a"));
    Catalog catalog = registry.catalog();
    backend.lastWatch().load(Samples.instance("a"));
    assertThat(catalog.services()).containsExactly("orders");
  }

  @Test
  void watchThatBreaks_isToldAtOnce_saidOnce_andMayWorkLater() {
    ServiceView view = registry.service("orders");
    ScriptedBackend.Opened watch = backend.lastWatch();
    watch.sink.interrupted(unavailable());
    watch.sink.interrupted(unavailable());
    assertSaysTheJar(() -> view.await(LONG));
    assertThat(view.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Loading.class,
            loading ->
                assertThat(loading.cause()).map(RegistryException::kind).contains(Kind.INVALID));
    assertThat(log.warnings()).singleElement().asString().contains("orders", MEMBER);
    watch.load(Samples.instance("a"));
    assertThat(view.await(LONG).instances()).containsExactly(Samples.instance("a"));
  }
}
