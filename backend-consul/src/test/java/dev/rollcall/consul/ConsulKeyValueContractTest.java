package dev.rollcall.consul;

import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.ContractLocks;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.KeyValueContract;
import dev.rollcall.testkit.server.ConsulServer;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The contract of keys and values on a server that keeps its data, with all faults. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(providers = ContractLocks.class)
final class ConsulKeyValueContractTest extends KeyValueContract {
  private static final ConsulPool POOL = new ConsulPool(ConsulServer.builder().persistent());

  private ConsulFaults consul;

  @AfterAll
  static void closeServers() {
    POOL.close();
  }

  @BeforeEach
  void borrow() {
    consul = POOL.borrow();
  }

  @AfterEach
  void giveBack() {
    POOL.giveBack(consul);
  }

  @Override
  protected KeyValueBackend open(Timer timer) {
    return BackendProviders.openKeyValue(consul.uri(), timer);
  }

  @Override
  protected KeyValueBackend beside(Timer timer) {
    return BackendProviders.openKeyValue(consul.besideUri(), timer);
  }

  @Override
  protected Faults faults() {
    return consul;
  }

  @Override
  protected Optional<String> uri() {
    return Optional.of(consul.uri());
  }
}
