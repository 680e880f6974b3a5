package dev.rollcall.cli;

import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall watch prefix}. */
@Command(name = "prefix", description = "Watches all keys that begin with a prefix.")
final class WatchPrefixCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private WatchOptions options = new WatchOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "PREFIX", description = "The prefix.")
  private String prefix = "";

  @Override
  public Integer call() throws InterruptedException {
    try (KeyValueStore values = store.openKeyValues()) {
      return options.follow(
          new KeyChanges(values, Keys.prefix(prefix), "prefix " + prefix), spec.commandLine());
    }
  }
}
