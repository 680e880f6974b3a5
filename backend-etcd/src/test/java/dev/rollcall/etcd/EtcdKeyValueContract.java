package dev.rollcall.etcd;

import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.ContractLocks;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.KeyValueContract;
import java.lang.reflect.Method;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The contract of keys and values on etcd, each test on a server of its own, with all faults. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(providers = ContractLocks.class)
abstract class EtcdKeyValueContract extends KeyValueContract {
  private final EtcdPool pool;
  private EtcdFaults faults;

  EtcdKeyValueContract(EtcdPool pool) {
    this.pool = pool;
  }

  /** Only the test of many faults can make use of a refusal; logins cost time. */
  @BeforeEach
  final void borrow(TestInfo test) {
    String name = test.getTestMethod().map(Method::getName).orElse("");
    faults = pool.borrow(name.equals("k4_resume_afterAFault"));
  }

  @AfterEach
  final void giveBack() {
    pool.giveBack(faults);
  }

  @Override
  protected final KeyValueBackend open(Timer timer) {
    return BackendProviders.openKeyValue(faults.uri(), timer);
  }

  @Override
  protected final KeyValueBackend beside(Timer timer) {
    return BackendProviders.openKeyValue(faults.besideUri(), timer);
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
