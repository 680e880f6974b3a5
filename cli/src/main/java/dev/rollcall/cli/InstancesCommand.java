package dev.rollcall.cli;

import dev.rollcall.HostPort;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import java.io.PrintWriter;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall instances}. */
@Command(
    name = "instances",
    description = "Lists the instances of a service, read from the store past every cache.")
final class InstancesCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "The service's name.")
  private String name = "";

  @Option(names = "--passing", description = "Only those that pass.")
  private boolean passing;

  @Option(names = "--json", description = "Print one JSON object an instance.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (Registry registry = store.open()) {
      Snapshot service = Answer.of(registry.snapshot(name));
      Table table = new Table("ID", "HEALTH", "ADDRESS", "WEIGHT", "ZONE", "TAGS", "METADATA");
      for (ServiceInstance instance : passing ? service.instances() : service.all()) {
        if (json) {
          out.println(Json.object(to -> Json.instance(to, instance)));
        } else {
          table.row(
              instance.id(),
              Json.word(instance.health()),
              address(instance),
              "" + instance.weight(),
              instance.zone(),
              String.join(",", instance.tags()),
              metadata(instance));
        }
      }
      if (!json) {
        table.print(out, Terminal.width());
      }
      out.flush();
      return ExitCode.OK;
    }
  }

  static String address(ServiceInstance instance) {
    return instance.scheme() + "://" + new HostPort(instance.host(), instance.port());
  }

  private static String metadata(ServiceInstance instance) {
    StringJoiner out = new StringJoiner(",");
    instance.metadata().forEach((key, value) -> out.add(key + "=" + value));
    return out.toString();
  }
}
