package dev.rollcall.cli;

import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall watch key}. */
@Command(name = "key", description = "Watches a key.")
final class WatchKeyCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private WatchOptions options = new WatchOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "KEY", description = "The key.")
  private String key = "";

  @Override
  public Integer call() throws InterruptedException {
    try (KeyValueStore values = store.openKeyValues()) {
      return options.follow(
          new KeyChanges(values, Keys.key(key), "key " + key), spec.commandLine());
    }
  }
}
