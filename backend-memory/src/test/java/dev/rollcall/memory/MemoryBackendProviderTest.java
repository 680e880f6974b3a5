package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.HEARTBEAT;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.register;
import static dev.rollcall.memory.Fixture.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.RegistryBackend;
import java.time.Duration;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBackendProviderTest {
  private final ManualTimer timer = new ManualTimer();

  private RegistryBackend open(String uri) {
    return new MemoryBackendProvider().open(BackendUri.parse(uri), timer);
  }

  @Test
  void provider_isFoundByTheServiceLoader() {
    assertThat(ServiceLoader.load(BackendProvider.class))
        .anySatisfy(provider -> assertThat(provider.schemes()).containsExactly("memory"));
  }

  @Test
  void open_withoutAName_isPrivate() {
    RegistryBackend one = open("memory:");
    RegistryBackend other = open("memory:");
    register(one, instance("orders", "a"), HEARTBEAT, owner("o"));
    assertThat(snapshot(other, "orders")).isEmpty();
    one.close();
    other.close();
    timer.advance(Duration.ofSeconds(1));
    assertThat(timer.pending()).isZero();
  }

  @Test
  void open_withAName_isSharedUntilTheLastCloses() {
    RegistryBackend one = open("memory:shared");
    RegistryBackend other = open("memory:shared?guard=0.3");
    register(one, instance("orders", "a"), HEARTBEAT, owner("o"));
    one.close();
    one.close();
    assertThat(snapshot(other, "orders")).hasSize(1);
    other.close();
    RegistryBackend again = open("memory:shared");
    assertThat(snapshot(again, "orders")).isEmpty();
    again.close();
  }

  @Test
  void named_expiresAfterItsFirstOpenerAndHisTimerAreGone() {
    RegistryBackend one = open("memory:outlives");
    try (RegistryBackend other = open("memory:outlives")) {
      register(
          one,
          instance("orders", "a"),
          Liveness.heartbeat(Duration.ofSeconds(1)).deregisterAfter(Duration.ZERO),
          owner("o"));
      one.close();
      timer.close();
      await().atMost(Duration.ofMinutes(1)).until(() -> snapshot(other, "orders").isEmpty());
    }
    await().atMost(Duration.ofMinutes(1)).until(MemoryBackendProviderTest::noTimerThread);
  }

  private static boolean noTimerThread() {
    return Thread.getAllStackTraces().keySet().stream()
        .noneMatch(thread -> thread.getName().equals("rollcall-memory-outlives"));
  }

  @ParameterizedTest
  @CsvSource({
    "memory://x, a host",
    "memory://x/y, a host",
    "memory:a/b, the name",
    "memory:/a, the name",
    "memory:?gaurd=off, did you mean \"guard\"",
    "memory:?guard=, a share between 0 and 1",
    "memory:?guard=1.5, a share between 0 and 1",
    "memory:?guard=0.0, a share between 0 and 1",
    "memory:?guard=-0.3, a share between 0 and 1",
    "memory:?guard=NaN, a share between 0 and 1",
  })
  void open_badUri_saysWhatIsWrong(String uri, String words) {
    assertThatThrownBy(() -> open(uri))
        .isInstanceOfSatisfying(
            RegistryException.class,
            refused -> assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessageContaining(words);
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory:?guard=off", "memory:?guard=0.5", "memory:?guard=.25"})
  void open_goodGuard_isTaken(String uri) {
    try (RegistryBackend backend = open(uri)) {
      assertThat(get(backend.snapshot(dev.rollcall.spi.Selector.everything())).instances())
          .isEmpty();
    }
  }

  @Test
  void open_namedWithAnotherGuard_isRefused() {
    try (RegistryBackend first = open("memory:guarded?guard=off")) {
      assertThatThrownBy(() -> open("memory:guarded?guard=0.2")).hasMessageContaining("guard");
      open("memory:guarded").close();
      assertThat(snapshot(first, "orders")).isEmpty();
    }
  }

  @Test
  void capabilities_promiseEverything() {
    try (RegistryBackend backend = open("memory:")) {
      assertThat(backend.capabilities())
          .isEqualTo(
              new dev.rollcall.spi.Capabilities(true, true, true, true, Duration.ofMillis(250)));
    }
  }
}
