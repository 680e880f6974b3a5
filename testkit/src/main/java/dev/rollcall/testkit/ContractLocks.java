package dev.rollcall.testkit;

import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLocksProvider;

/**
 * Which of the contract's tests must not run beside each other, for a contract that JUnit runs in
 * parallel:
 *
 * <pre>{@code
 * @Execution(ExecutionMode.CONCURRENT)
 * @ResourceLock(providers = ContractLocks.class)
 * final class ZooKeeperContractTest extends RegistryContract { … }
 * }</pre>
 *
 * <p>The tests that count the threads of this process run alone. Other test classes of the same run
 * that open registries take part by a lock on {@link #THREADS} in the mode {@code READ}. The tests
 * of one factory share the fields of one instance, and with them often a store, so they run one
 * after the other: a lock of their own keeps them on one thread.
 *
 * @since 0.1.0
 */
public final class ContractLocks implements ResourceLocksProvider {
  /** The resource that a test writes while it counts threads, and reads while it starts some. */
  public static final String THREADS = "the threads of this process";

  private static final Set<String> COUNTING =
      Set.of("r8_closing_leavesNoThread", "w10_shared_threads");

  /** Created by JUnit. */
  public ContractLocks() {}

  @Override
  public Set<Lock> provideForMethod(
      List<Class<?>> enclosing, Class<?> testClass, Method testMethod) {
    Set<Lock> locks = new HashSet<>();
    boolean countsThreads = COUNTING.contains(testMethod.getName());
    locks.add(
        new Lock(THREADS, countsThreads ? ResourceAccessMode.READ_WRITE : ResourceAccessMode.READ));
    if (testMethod.isAnnotationPresent(TestFactory.class)) {
      locks.add(
          new Lock(enclosing + testClass.getName() + testMethod, ResourceAccessMode.READ_WRITE));
    }
    return locks;
  }
}
