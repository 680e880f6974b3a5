package dev.rollcall.memory;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.ContractTime;
import dev.rollcall.testkit.RegistryContract;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on the in-memory store: with a time that the tests move, and with the real one. */
class MemoryContractTest extends RegistryContract {
  private Optional<MemoryStore> store = Optional.empty();

  @Override
  protected RegistryBackend open(Timer timer) {
    if (store.isEmpty()) {
      store = Optional.of(MemoryStore.create(timer));
    }
    return store.get().open();
  }

  @Override
  protected ContractTime time() {
    return ContractTime.manual();
  }

  @Override
  protected Optional<String> uri() {
    return Optional.of("memory:");
  }

  @AfterEach
  final void closeTheStore() {
    store.ifPresent(MemoryStore::close);
  }

  /** The same again, which takes more than a minute. */
  @Nested
  @Tag("long")
  @DisplayName("By the real clock")
  class ByTheRealClock extends RegistryContract {
    @Override
    protected RegistryBackend open(Timer timer) {
      return MemoryContractTest.this.open(timer);
    }

    @Override
    protected Duration ttl() {
      return Duration.ofSeconds(1);
    }
  }
}
