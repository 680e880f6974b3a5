package dev.rollcall.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rollcall.Catalog;
import dev.rollcall.Health;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rollcall services}. */
@Command(name = "services", description = "Lists every service, with its instances by health.")
final class ServicesCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--json", description = "Print one JSON object a service.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (Registry registry = store.open()) {
      Catalog catalog = registry.catalog().await(store.timeout());
      Table table = new Table("SERVICE", "PASSING", "WARNING", "CRITICAL", "TAGS");
      for (String name : catalog.services()) {
        Snapshot service = catalog.snapshot(name);
        if (json) {
          out.println(Json.object(to -> write(to, service)));
        } else {
          table.row(
              name,
              "" + count(service, Health.PASSING),
              "" + count(service, Health.WARNING),
              "" + count(service, Health.CRITICAL),
              String.join(",", tags(service)));
        }
      }
      if (!json) {
        table.print(out, Terminal.width());
      }
      out.flush();
      return ExitCode.OK;
    }
  }

  /** Writes a service with its instances counted. */
  static void write(JsonGenerator to, Snapshot service) throws IOException {
    to.writeStringField("service", service.service());
    for (Health health : Health.values()) {
      to.writeNumberField(Json.word(health), count(service, health));
    }
    Json.strings(to, "tags", tags(service));
  }

  private static long count(Snapshot service, Health health) {
    return service.all().stream().filter(instance -> instance.health() == health).count();
  }

  private static SortedSet<String> tags(Snapshot service) {
    SortedSet<String> tags = new TreeSet<>();
    for (ServiceInstance instance : service.all()) {
      tags.addAll(instance.tags());
    }
    return tags;
  }
}
