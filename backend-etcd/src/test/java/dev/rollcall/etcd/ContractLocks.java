package dev.rollcall.etcd;

import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLocksProvider;

/**
 * Which of the contract's tests may not run beside which. The one that counts threads runs alone.
 * The tests of one factory share its server and its fields, so they run one after the other: a lock
 * that nobody else has keeps them on one thread.
 */
final class ContractLocks implements ResourceLocksProvider {
  static final String THREADS = "the threads of this process";

  @Override
  public Set<Lock> provideForMethod(
      List<Class<?>> enclosing, Class<?> testClass, Method testMethod) {
    Set<Lock> locks = new HashSet<>();
    boolean countsThreads = testMethod.getName().equals("r8_closing_leavesNoThread");
    locks.add(
        new Lock(THREADS, countsThreads ? ResourceAccessMode.READ_WRITE : ResourceAccessMode.READ));
    if (testMethod.isAnnotationPresent(TestFactory.class)) {
      locks.add(
          new Lock(enclosing + testClass.getName() + testMethod, ResourceAccessMode.READ_WRITE));
    }
    return locks;
  }
}
