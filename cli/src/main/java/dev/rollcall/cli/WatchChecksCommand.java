package dev.rollcall.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rollcall.Health;
import dev.rollcall.consul.ConsulCheck;
import dev.rollcall.consul.ConsulCheckQuery;
import dev.rollcall.consul.ConsulWatches;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rollcall watch checks}. */
@Command(name = "checks", description = "Watches checks; Consul only.")
final class WatchChecksCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private WatchOptions options = new WatchOptions();
  @Spec private CommandSpec spec = CommandSpec.create();
  @ArgGroup private Which which = new Which();

  @Override
  public Integer call() throws InterruptedException {
    try (ConsulWatches consul = store.openConsul()) {
      ConsulCheckQuery query = which.query();
      return options.follow(
          new ConsulChanges<>(
              "checks", listener -> consul.checks(query, listener), new CheckEntry()),
          spec.commandLine());
    }
  }

  /** One of them, all checks where none is given. */
  static final class Which {
    @Option(names = "--service", paramLabel = "NAME", description = "Only those of a service.")
    private @Nullable String service;

    @Option(
        names = "--state",
        paramLabel = "STATE",
        description = "Only those that are ${COMPLETION-CANDIDATES}.")
    private @Nullable Health state;

    ConsulCheckQuery query() {
      if (service != null) {
        return ConsulCheckQuery.ofService(service);
      }
      return state != null ? ConsulCheckQuery.in(state) : ConsulCheckQuery.all();
    }
  }

  private static final class CheckEntry implements ConsulChanges.Entry<ConsulCheck> {
    @Override
    public void json(JsonGenerator to, ConsulCheck one) throws IOException {
      to.writeStringField("node", one.node());
      to.writeStringField("service", one.service());
      to.writeStringField("id", one.check().id());
      to.writeStringField("name", one.check().name());
      to.writeStringField("status", one.check().status());
      to.writeStringField("output", one.check().output());
    }

    @Override
    public String subject(ConsulCheck one) {
      return one.node() + "/" + one.check().id();
    }

    @Override
    public String text(ConsulCheck one) {
      return one.check().status() + "  " + one.service() + "  " + one.check().output().strip();
    }
  }
}
