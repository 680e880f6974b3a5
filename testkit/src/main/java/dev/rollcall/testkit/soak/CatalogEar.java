package dev.rollcall.testkit.soak;

import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.ServiceInstance;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A listener of everything, which looks at the soak's own services. Guarded by {@code this}. */
final class CatalogEar implements CatalogListener {
  private final Ledger ledger;
  private final String name;
  private final Predicate<String> own;
  private final Map<String, List<ServiceInstance>> given = new HashMap<>();

  CatalogEar(Ledger ledger, String name, Predicate<String> own) {
    this.ledger = ledger;
    this.name = name;
    this.own = own;
  }

  @Override
  public synchronized void changed(CatalogChange change) {
    change
        .changes()
        .forEach(
            (service, one) -> {
              if (own.test(service)) {
                changed(service, one);
              }
            });
  }

  private void changed(String service, Change change) {
    ledger.tally.count(Check.DIFFERENCES, 1);
    ledger.tally.count(Check.ORDER, 1);
    List<ServiceInstance> before = given.getOrDefault(service, List.of());
    if (!change.before().all().equals(before)) {
      ledger.violation(
          Check.DIFFERENCES,
          name,
          name + ": before is " + change.before() + ", yet " + before + " was given last");
    }
    for (ServiceInstance seen : change.all().added()) {
      ledger.recognise(seen, name);
    }
    for (ServiceInstance seen : change.all().updated()) {
      ledger.recognise(seen, name);
    }
    given.put(service, change.now().all());
  }

  synchronized List<ServiceInstance> given(String service) {
    return given.getOrDefault(service, List.of());
  }

  String name() {
    return name;
  }
}
