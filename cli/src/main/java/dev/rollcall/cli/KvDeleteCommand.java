package dev.rollcall.cli;

import dev.rollcall.kv.KeyValueStore;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollcall kv delete}. */
@Command(name = "delete", description = "Deletes a key, or all keys with a prefix.")
final class KvDeleteCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();

  @Parameters(paramLabel = "KEY", description = "The key, or with --prefix what keys begin with.")
  private String key = "";

  @Option(names = "--prefix", description = "Delete all keys that begin with KEY.")
  private boolean prefix;

  @Override
  public Integer call() {
    try (KeyValueStore values = store.openKeyValues()) {
      if (prefix) {
        Answer.of(values.deleteAll(key));
        return ExitCode.OK;
      }
      if (Answer.of(values.get(key)).isEmpty()) {
        throw new NotThereException("key " + key + ": there is no such key");
      }
      Answer.of(values.delete(key));
      return ExitCode.OK;
    }
  }
}
