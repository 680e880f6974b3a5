package dev.rollcall.cli;

import dev.rollcall.Registry;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall watch service}. */
@Command(name = "service", description = "Watches the instances of a service.")
final class WatchServiceCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private WatchOptions options = new WatchOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "The service's name.")
  private String name = "";

  @Override
  public Integer call() throws InterruptedException {
    try (Registry registry = store.open()) {
      return options.follow(new ServiceChanges(registry.service(name)), spec.commandLine());
    }
  }
}
