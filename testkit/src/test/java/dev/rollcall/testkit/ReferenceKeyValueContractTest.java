package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.util.EnumSet;
import java.util.Set;

/** The contract of keys and values on a store that keeps it. */
class ReferenceKeyValueContractTest extends KeyValueContract {
  final ReferenceKeys reference = new ReferenceKeys();

  @Override
  protected KeyValueBackend open(Timer timer) {
    return reference.open(false);
  }

  @Override
  protected KeyValueBackend beside(Timer timer) {
    return reference.open(true);
  }

  @Override
  protected Faults faults() {
    return new Faults() {
      @Override
      public Set<Fault> offered() {
        return EnumSet.of(Fault.CUT, Fault.DENY, Fault.WIPE);
      }

      @Override
      public void begin(Fault fault, String prefix) {
        switch (fault) {
          case CUT -> reference.begin(RegistryException.unavailable("the line is cut", null));
          case DENY -> reference.begin(RegistryException.denied("refused", null));
          case WIPE -> reference.wipe();
          default -> throw new UnsupportedOperationException(fault.name());
        }
      }

      @Override
      public void heal() {
        reference.heal();
      }

      @Override
      public RegistryBackend beside(Timer timer) {
        throw new UnsupportedOperationException("beside");
      }
    };
  }
}
