package dev.rollcall.consul;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.ContractLocks;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.RegistryContract;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The contract on Consul, each test on a server of its own, with all faults. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(providers = ContractLocks.class)
abstract class ConsulContract extends RegistryContract {
  private final ConsulPool pool;
  private ConsulFaults consul;

  ConsulContract(ConsulPool pool) {
    this.pool = pool;
  }

  @BeforeEach
  final void borrow() {
    consul = pool.borrow();
  }

  @AfterEach
  final void giveBack() {
    pool.giveBack(consul);
  }

  @Override
  protected final RegistryBackend open(Timer timer) {
    return new ReaperAllowance(consul.open(timer));
  }

  @Override
  protected final Faults faults() {
    return consul;
  }

  @Override
  protected final Optional<String> uri() {
    return Optional.of(consul.uri());
  }

  @Override
  protected final Duration deregisterAfter() {
    return Duration.ofMinutes(1).plus(ReaperAllowance.INTERVAL);
  }
}
