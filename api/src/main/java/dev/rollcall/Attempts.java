package dev.rollcall;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;

/**
 * The attempts of one request, see {@link ServiceView#attempts(int)}.
 *
 * @param view whose instances
 * @param most how many of them
 * @param another picks one that was not tried
 */
record Attempts(ServiceView view, int most, Function<Collection<ServiceInstance>, Pick> another)
    implements Iterable<Pick> {

  Attempts {
    if (most < 1) {
      throw RegistryException.invalid("attempts: " + most + " (expected: 1 or more)");
    }
  }

  @Override
  public Iterator<Pick> iterator() {
    List<ServiceInstance> tried = new ArrayList<>();
    return new Iterator<>() {
      /** Looks and takes nothing, so that a loop that ends here leaves nothing in flight. */
      @Override
      public boolean hasNext() {
        return tried.isEmpty() || (tried.size() < most && isAnotherThere(tried));
      }

      @Override
      public Pick next() {
        if (tried.size() == most) {
          throw new NoSuchElementException("all " + most + " attempts were taken");
        }
        Pick next = another.apply(tried);
        tried.add(next.instance());
        return next;
      }
    };
  }

  private boolean isAnotherThere(List<ServiceInstance> tried) {
    for (ServiceInstance instance : view.instances()) {
      if (tried.stream().noneMatch(one -> one.id().equals(instance.id()))) {
        return true;
      }
    }
    return false;
  }
}
