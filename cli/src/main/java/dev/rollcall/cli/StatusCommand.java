package dev.rollcall.cli;

import dev.rollcall.Catalog;
import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryStatus;
import dev.rollcall.RegistryStatus.Outage;
import dev.rollcall.RegistryStatus.Reachability;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rollcall status}. */
@Command(
    name = "status",
    description = "Tells whether the store answers, and how many services it holds.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the store answers, and its services can be read",
      "1:it does not answer within --timeout, or refuses",
      "2:the command line is wrong"
    })
final class StatusCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    try (Registry registry = store.open()) {
      Catalog catalog = registry.catalog();
      RegistryException unread = null;
      try {
        catalog.await(store.timeout());
      } catch (RegistryException failed) {
        unread = failed;
      }
      RegistryStatus status = registry.status();
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(json(status, catalog, unread));
      } else {
        print(out, status, catalog, unread);
      }
      out.flush();
      return unread == null ? ExitCode.OK : ExitCode.SOFTWARE;
    }
  }

  private void print(
      PrintWriter out, RegistryStatus status, Catalog catalog, @Nullable RegistryException unread) {
    boolean reachable = status.store() == Reachability.REACHABLE;
    out.println("store      " + Cells.safe(store.parsed().toString()));
    out.println("reachable  " + (reachable ? "yes" : "no: " + Cells.safe(why(status, unread))));
    if (unread == null) {
      StringJoiner services = new StringJoiner(", ");
      services.add("" + catalog.services().size());
      byFreshness(catalog).forEach((freshness, count) -> services.add(count + " " + freshness));
      out.println("services   " + services);
    } else if (reachable) {
      out.println("services   cannot be read: " + Cells.safe(Sentence.of(unread)));
    }
  }

  private String json(RegistryStatus status, Catalog catalog, @Nullable RegistryException unread) {
    boolean reachable = status.store() == Reachability.REACHABLE;
    return Json.object(
        to -> {
          to.writeStringField("store", store.parsed().toString());
          to.writeBooleanField("reachable", reachable);
          if (unread != null) {
            to.writeStringField("cause", why(status, unread));
            return;
          }
          to.writeNumberField("services", catalog.services().size());
          to.writeObjectFieldStart("freshness");
          for (Map.Entry<String, Integer> entry : byFreshness(catalog).entrySet()) {
            to.writeNumberField(entry.getKey(), entry.getValue());
          }
          to.writeEndObject();
        });
  }

  private static String why(RegistryStatus status, @Nullable RegistryException unread) {
    Optional<RegistryException> cause = status.outage().map(Outage::cause);
    return cause.or(() -> Optional.ofNullable(unread)).map(Sentence::of).orElse("no answer yet");
  }

  private static Map<String, Integer> byFreshness(Catalog catalog) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String service : catalog.services()) {
      Freshness freshness = catalog.snapshot(service).freshness();
      counts.merge(Trust.of(freshness).state(), 1, Integer::sum);
    }
    return counts;
  }
}
