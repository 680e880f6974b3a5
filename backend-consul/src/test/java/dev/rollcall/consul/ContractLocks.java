package dev.rollcall.consul;

import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLocksProvider;

/**
 * Which of the contract's tests may not run beside which. Those that count threads run alone. The
 * tests of one factory share its server and its fields: a lock that nobody else has keeps them on
 * one thread.
 */
final class ContractLocks implements ResourceLocksProvider {
  private static final String THREADS = "the threads of this process";
  private static final Set<String> COUNTING =
      Set.of("r8_closing_leavesNoThread", "w10_shared_threads");

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
