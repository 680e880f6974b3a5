package dev.rollcall.cli;

import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall kv list}. */
@Command(name = "list", description = "Lists keys with their values.")
final class KvListCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..1",
      paramLabel = "PREFIX",
      defaultValue = "",
      description = "What the keys begin with; all keys where not given.")
  private String prefix = "";

  @Option(names = "--json", description = "Print one JSON object a key.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (KeyValueStore values = store.openKeyValues()) {
      Table table = new Table("KEY", "VERSION", "BYTES", "VALUE");
      for (KeyValue pair : Answer.of(values.list(prefix))) {
        if (json) {
          out.println(Json.object(to -> Json.pair(to, pair)));
        } else {
          table.row(
              pair.key(),
              "" + pair.version(),
              "" + pair.value().size(),
              Values.text(pair.value()).orElse("(not UTF-8)"));
        }
      }
      if (!json) {
        table.print(out, Terminal.width());
      }
      out.flush();
      return ExitCode.OK;
    }
  }
}
