package dev.rollcall.testkit;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.TestFactory;
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
 * <p>The tests of one factory share the fields of one instance, and with them often a store, so
 * they run one after the other: a lock of their own keeps them on one thread.
 *
 * @since 0.1.0
 */
public final class ContractLocks implements ResourceLocksProvider {
  /** Created by JUnit. */
  public ContractLocks() {}

  @Override
  public Set<Lock> provideForMethod(
      List<Class<?>> enclosing, Class<?> testClass, Method testMethod) {
    return testMethod.isAnnotationPresent(TestFactory.class)
        ? Set.of(new Lock(enclosing + testClass.getName() + testMethod))
        : Set.of();
  }
}
