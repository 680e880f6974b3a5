package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValueStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs classes of tests that note the stores they are given. */
class RollcallExtensionTest {
  private static final Set<String> URIS = ConcurrentHashMap.newKeySet();

  /** Runs a class whose tests all succeed, and checks that all its stores are closed. */
  private static Set<String> storesOf(Class<?> tests, int count) {
    URIS.clear();
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(tests))
        .execute()
        .testEvents()
        .assertStatistics(statistics -> statistics.started(count).succeeded(count));
    assertThat(URIS)
        .isNotEmpty()
        .allSatisfy(
            uri ->
                assertThatThrownBy(() -> Registry.open(uri)).isInstanceOf(RegistryException.class));
    return URIS;
  }

  @Test
  void field_isOfOneTest() {
    assertThat(storesOf(InAField.class, 2)).hasSize(2);
  }

  @Test
  void staticField_isOfTheClassAndThoseInIt() {
    assertThat(storesOf(InAStaticField.class, 3)).hasSize(1);
    assertThatThrownBy(InAStaticField.rollcall::store)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected: RollcallExtension.inMemory() in a @RegisterExtension");
  }

  @Test
  void fieldOfOneInstanceForAllTests_isOfTheClass() {
    assertThat(storesOf(InAnInstanceForAll.class, 2)).hasSize(1);
  }

  @Test
  void parameters_areOfOneTest() {
    assertThat(storesOf(ByParameters.class, 2)).hasSize(2);
  }

  @Test
  void parametersOfTheClass_areShared() {
    assertThat(storesOf(ByParametersOfTheClass.class, 2)).hasSize(1);
  }

  @Test
  void parameters_areThoseOfTheField() {
    assertThat(storesOf(ByFieldAndParameters.class, 1)).hasSize(1);
  }

  static class InAField {
    @RegisterExtension final RollcallExtension rollcall = RollcallExtension.inMemory();

    @Test
    void first() {
      note();
    }

    @Test
    void second() {
      note();
    }

    private void note() {
      assertThat(rollcall.service("payments").instances()).isEmpty();
      rollcall.service("payments").passing("h:1");
      URIS.add(rollcall.uri());
    }
  }

  static class InAStaticField {
    @RegisterExtension static final RollcallExtension rollcall = RollcallExtension.inMemory();

    @Test
    void first() {
      URIS.add(rollcall.uri());
    }

    @Test
    void second() {
      URIS.add(rollcall.uri());
    }

    @Nested
    class Inner {
      @Test
      void third() {
        URIS.add(rollcall.uri());
      }
    }
  }

  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class InAnInstanceForAll {
    @RegisterExtension final RollcallExtension rollcall = RollcallExtension.inMemory();

    @Test
    void first() {
      URIS.add(rollcall.uri());
    }

    @Test
    void second() {
      URIS.add(rollcall.uri());
    }
  }

  @ExtendWith(RollcallExtension.class)
  static class ByParameters {
    private final List<FakeStore> given = new ArrayList<>();

    @BeforeEach
    void beforeEach(FakeStore store) {
      given.add(store);
    }

    @Test
    void first(FakeStore store, Registry registry, KeyValueStore values) {
      assertThat(registry).isSameAs(store.registry());
      assertThat(values).isSameAs(store.keyValueStore());
      assertThat(given).containsExactly(store);
      URIS.add(store.uri());
    }

    @Test
    void second(FakeStore store) {
      URIS.add(store.uri());
    }
  }

  @ExtendWith(RollcallExtension.class)
  static class ByParametersOfTheClass {
    @BeforeAll
    static void beforeAll(FakeStore store) {
      URIS.add(store.uri());
    }

    @Test
    void first(FakeStore store) {
      URIS.add(store.uri());
    }

    @Test
    void second(FakeStore store) {
      URIS.add(store.uri());
    }
  }

  static class ByFieldAndParameters {
    @RegisterExtension final RollcallExtension rollcall = RollcallExtension.inMemory();

    @Test
    void first(FakeStore store, Registry registry) {
      assertThat(store).isSameAs(rollcall.store());
      assertThat(registry).isSameAs(rollcall.registry());
      URIS.add(store.uri());
    }
  }
}
