package dev.rollcall.cli;

import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall kv get}. */
@Command(
    name = "get",
    description = {
      "Prints the value of a key: exactly its bytes into a file or a pipe; on a terminal with"
          + " control characters made visible and an end of line."
    })
final class KvGetCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "KEY", description = "The key.")
  private String key = "";

  @Option(names = "--json", description = "Print one JSON object with the value and its version.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    try (KeyValueStore values = store.openKeyValues()) {
      Optional<KeyValue> found = Answer.of(values.get(key));
      if (found.isEmpty()) {
        throw new NotThereException("key " + key + ": there is no such key");
      }
      KeyValue pair = found.get();
      if (json) {
        spec.commandLine().getOut().println(Json.object(to -> Json.pair(to, pair)));
      } else if (Terminal.isThere()) {
        spec.commandLine().getOut().println(Values.shown(pair.value()));
      } else {
        PrintStream exactly = System.out;
        exactly.write(pair.value().toArray());
        exactly.flush();
      }
      return ExitCode.OK;
    }
  }
}
