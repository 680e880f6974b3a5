package dev.rollcall.cli;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import java.util.function.Consumer;

/** Watches the instances of one service, in any health. */
final class ServiceChanges implements Watched {
  private final ServiceView view;

  ServiceChanges(ServiceView view) {
    this.view = view;
  }

  @Override
  public String what() {
    return "service " + view.service();
  }

  @Override
  public Subscription subscribe(Consumer<Rendered> changed, Consumer<Trust> trust) {
    return view.watch(
        new ServiceListener() {
          @Override
          public void changed(Change change) {
            changed.accept(new RenderedChange(change));
          }

          @Override
          public void freshnessChanged(Freshness now) {
            trust.accept(Trust.of(now));
          }
        });
  }

  private record RenderedChange(Change change) implements Rendered {
    @Override
    public String json() {
      return Json.object(
          to -> {
            to.writeStringField("event", "changed");
            to.writeStringField("service", change.service());
            Json.trust(to, Trust.of(change.now().freshness()));
            Json.instances(to, "added", change.all().added());
            Json.instances(to, "updated", change.all().updated());
            Json.instances(to, "removed", change.all().removed());
            Json.instances(to, "instances", change.now().all());
          });
    }

    @Override
    public void print(ChangeLines to) {
      printInstances(to, change);
      if (change.now().all().isEmpty()) {
        to.line(Screen.Mark.TRUST, "service " + change.service(), "has no instances");
      }
    }
  }

  static void printInstances(ChangeLines to, Change change) {
    change.all().added().forEach(it -> to.line(Screen.Mark.ADDED, it.id(), described(it)));
    change.all().updated().forEach(it -> to.line(Screen.Mark.UPDATED, it.id(), described(it)));
    change.all().removed().forEach(it -> to.line(Screen.Mark.REMOVED, it.id(), described(it)));
  }

  private static String described(ServiceInstance instance) {
    return Cells.padded(Json.word(instance.health()), 8)
        + "  "
        + InstancesCommand.address(instance)
        + "  "
        + String.join(",", instance.tags());
  }
}
