package dev.rollcall.testkit;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.Faults.Fault;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** The contract on a store that keeps it, with every fault that needs no process to kill. */
class ReferenceContractTest extends RegistryContract {
  final ReferenceStore reference = new ReferenceStore();
  private final List<FlakyBackend> clients = new CopyOnWriteArrayList<>();
  private Optional<Fault> broken = Optional.empty();

  @Override
  protected RegistryBackend open(Timer timer) {
    FlakyBackend client = new FlakyBackend(new ReferenceBackend(reference, timer));
    clients.add(client);
    broken.ifPresent(fault -> breakLine(client, fault));
    return client;
  }

  @Override
  protected ContractTime time() {
    return ContractTime.manual();
  }

  @Override
  protected Faults faults() {
    return new LineFaults();
  }

  private static void breakLine(FlakyBackend client, Fault fault) {
    if (fault == Fault.DENY) {
      client.deny();
    } else {
      client.cut();
    }
  }

  private final class LineFaults implements Faults {
    @Override
    public Set<Fault> offered() {
      return EnumSet.of(Fault.CUT, Fault.DENY, Fault.WIPE);
    }

    @Override
    public void begin(Fault fault, String service) {
      if (fault == Fault.WIPE) {
        reference.wipe();
      } else {
        broken = Optional.of(fault);
        clients.forEach(client -> breakLine(client, fault));
      }
    }

    @Override
    public void heal() {
      broken = Optional.empty();
      clients.forEach(FlakyBackend::heal);
    }

    @Override
    public RegistryBackend beside(Timer timer) {
      return new ReferenceBackend(reference, timer);
    }
  }
}
