package dev.rollcall.testkit;

import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;

/** The smallest stores that keep the contract, for tests in other packages. */
public final class Reference {
  private final ReferenceStore store = new ReferenceStore();
  private final ReferenceKeys keys = new ReferenceKeys();
  private final Timer timer;

  /** Creates two empty stores; leases run out by this timer, whoever dies. */
  public Reference(Timer timer) {
    this.timer = timer;
  }

  /** Opens a client of the one. */
  public RegistryBackend open() {
    return new ReferenceBackend(store, timer);
  }

  /** Opens a client of the other. */
  public KeyValueBackend openKeys() {
    return keys.open(true);
  }
}
