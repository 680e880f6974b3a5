package dev.rollcall.etcd;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.ContractLocks;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.RegistryContract;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The contract on etcd, each test on a server of its own, with all faults. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(providers = ContractLocks.class)
abstract class EtcdContract extends RegistryContract {
  /** The tests that can make use of a refusal. The others do without logins, which cost time. */
  private static final Set<String> REFUSED =
      Set.of(
          "r10_errors_ofAStoreInTrouble", "w7_resume_deliversTheDifference", "w12_denied_isSaid");

  private final EtcdPool pool;
  private EtcdFaults faults;

  EtcdContract(EtcdPool pool) {
    this.pool = pool;
  }

  @BeforeEach
  final void borrow(TestInfo test) {
    String name = test.getTestMethod().map(Method::getName).orElse("");
    faults = pool.borrow(REFUSED.contains(name));
  }

  @AfterEach
  final void giveBack() {
    pool.giveBack(faults);
  }

  @Override
  protected final RegistryBackend open(Timer timer) {
    return EtcdBackend.open(faults.uri(), timer);
  }

  @Override
  protected final Faults faults() {
    return faults;
  }

  @Override
  protected final Optional<String> uri() {
    return Optional.of(faults.uri());
  }
}
