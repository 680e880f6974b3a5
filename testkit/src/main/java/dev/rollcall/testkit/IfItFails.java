package dev.rollcall.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Method;
import java.util.Optional;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/** What to look at first when a clause's test fails. It stands in the failure's message. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@interface IfItFails {
  String value();

  /** Adds the clause and the hint to whatever a test throws. */
  final class Hints implements InvocationInterceptor {
    @Override
    public void interceptTestMethod(
        Invocation<Void> test, ReflectiveInvocationContext<Method> method, ExtensionContext context)
        throws Throwable {
      run(test, context, Optional.of(method.getExecutable()));
    }

    @Override
    public void interceptDynamicTest(
        Invocation<Void> test, DynamicTestInvocationContext dynamic, ExtensionContext context)
        throws Throwable {
      Optional<ExtensionContext> at = Optional.of(context);
      while (at.isPresent() && at.get().getTestMethod().isEmpty()) {
        at = at.get().getParent();
      }
      run(test, context, at.flatMap(ExtensionContext::getTestMethod));
    }

    private static void run(
        Invocation<Void> test, ExtensionContext context, Optional<Method> method) throws Throwable {
      try {
        test.proceed();
      } catch (Throwable thrown) {
        Optional<IfItFails> hint = method.map(m -> m.getAnnotation(IfItFails.class));
        if (hint.isEmpty()) {
          throw thrown;
        }
        String what = thrown instanceof AssertionError ? "" + thrown.getMessage() : "" + thrown;
        throw new AssertionError(
            context.getDisplayName() + "\nLook at: " + hint.get().value() + "\n" + what, thrown);
      }
    }
  }
}
