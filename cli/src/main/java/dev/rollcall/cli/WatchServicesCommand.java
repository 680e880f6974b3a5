package dev.rollcall.cli;

import dev.rollcall.Registry;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code rollcall watch services}. */
@Command(name = "services", description = "Watches which services there are.")
final class WatchServicesCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private WatchOptions options = new WatchOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    try (Registry registry = store.open()) {
      return options.follow(new CatalogChanges(registry.catalog()), spec.commandLine());
    }
  }
}
