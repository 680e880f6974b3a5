package dev.rollcall.cli;

import dev.rollcall.Catalog;
import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Watches every service. */
final class CatalogChanges implements Watched {
  private final Catalog catalog;

  CatalogChanges(Catalog catalog) {
    this.catalog = catalog;
  }

  @Override
  public String what() {
    return "catalog";
  }

  @Override
  public Subscription subscribe(Consumer<Rendered> changed, Consumer<Trust> trust) {
    TreeMap<String, Snapshot> services = new TreeMap<>(); // the callback's alone
    return catalog.watch(
        new CatalogListener() {
          @Override
          public void changed(CatalogChange change) {
            for (Change one : change.changes().values()) {
              if (one.now().all().isEmpty()) {
                services.remove(one.service());
              } else {
                services.put(one.service(), one.now());
              }
            }
            changed.accept(new RenderedChange(change, List.copyOf(services.values())));
          }

          @Override
          public void freshnessChanged(Freshness now) {
            trust.accept(Trust.of(now));
          }
        });
  }

  private record RenderedChange(CatalogChange change, Collection<Snapshot> services)
      implements Rendered {
    @Override
    public String json() {
      return Json.object(
          to -> {
            to.writeStringField("event", "changed");
            Json.strings(to, "appeared", change.appeared());
            Json.strings(to, "vanished", change.vanished());
            Json.strings(to, "changed", change.changes().keySet());
            to.writeArrayFieldStart("services");
            for (Snapshot service : services) {
              to.writeStartObject();
              ServicesCommand.write(to, service);
              to.writeEndObject();
            }
            to.writeEndArray();
          });
    }

    @Override
    public void print(ChangeLines to) {
      SortedSet<String> appeared = change.appeared();
      SortedSet<String> vanished = change.vanished();
      change
          .changes()
          .forEach(
              (name, one) -> {
                Screen.Mark mark =
                    appeared.contains(name)
                        ? Screen.Mark.ADDED
                        : vanished.contains(name) ? Screen.Mark.REMOVED : Screen.Mark.UPDATED;
                to.line(
                    mark,
                    name,
                    one.now().instances().size() + " of " + one.now().all().size() + " pass");
              });
      if (services.isEmpty()) {
        to.line(Screen.Mark.TRUST, "catalog", "has no services");
      }
    }
  }
}
