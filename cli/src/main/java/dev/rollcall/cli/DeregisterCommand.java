package dev.rollcall.cli;

import dev.rollcall.InstanceKey;
import dev.rollcall.Registry;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code rollcall deregister}. */
@Command(
    name = "deregister",
    description = {
      "Removes an instance of any owner.",
      "Where its owner lives, that one registers it again."
    })
final class DeregisterCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();

  @Parameters(index = "0", paramLabel = "NAME", description = "The service's name.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "ID", description = "The instance's id.")
  private String id = "";

  @Override
  public Integer call() {
    InstanceKey key = new InstanceKey(name, id);
    try (Registry registry = store.open()) {
      if (Answer.of(registry.snapshot(name)).find(id).isEmpty()) {
        throw new NotThereException(key + ": there is no such instance");
      }
      Answer.of(registry.deregister(key));
      return ExitCode.OK;
    }
  }
}
