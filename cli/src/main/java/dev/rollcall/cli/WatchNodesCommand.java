package dev.rollcall.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rollcall.consul.ConsulServiceEntry;
import dev.rollcall.consul.ConsulWatches;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code rollcall watch nodes}. */
@Command(name = "nodes", description = "Watches the nodes of the datacentre; Consul only.")
final class WatchNodesCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private WatchOptions options = new WatchOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    try (ConsulWatches consul = store.openConsul()) {
      return options.follow(
          new ConsulChanges<>("nodes", consul::nodes, new NodeEntry()), spec.commandLine());
    }
  }

  private static final class NodeEntry implements ConsulChanges.Entry<ConsulServiceEntry.Node> {
    @Override
    public void json(JsonGenerator to, ConsulServiceEntry.Node node) throws IOException {
      to.writeStringField("node", node.name());
      to.writeStringField("address", node.address());
      Json.texts(to, "metadata", node.meta());
    }

    @Override
    public String subject(ConsulServiceEntry.Node node) {
      return node.name();
    }

    @Override
    public String text(ConsulServiceEntry.Node node) {
      return node.address();
    }
  }
}
