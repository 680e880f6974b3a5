package dev.rollcall.memory;

import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.KeyValueContract;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;

/** The contract of keys and values on the in-memory store, by its name. */
class MemoryKeyValueContractTest extends KeyValueContract {
  private final String uri = "memory:" + UUID.randomUUID();

  /** Keeps the store while the test closes and opens clients of it. */
  private final KeyValueBackend holder = MemoryKeyValueBackend.open(uri.substring(7));

  @Override
  protected KeyValueBackend open(Timer timer) {
    return BackendProviders.openKeyValue(uri, timer);
  }

  @Override
  protected Optional<String> uri() {
    return Optional.of(uri);
  }

  @AfterEach
  final void letGo() {
    holder.close();
  }
}
