package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.consul.ConsulEvent;
import dev.rollcall.consul.ConsulEventListener;
import dev.rollcall.consul.ConsulWatches;
import dev.rollcall.kv.Bytes;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall watch event}. */
@Command(
    name = "event",
    description = "Watches user events from now on, each once and in order; Consul only.")
final class WatchEventCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private WatchOptions options = new WatchOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only those of this name.")
  private @Nullable String name;

  @Override
  public Integer call() throws InterruptedException {
    try (ConsulWatches consul = store.openConsul()) {
      return options.follow(new Events(consul, name), spec.commandLine());
    }
  }

  private record Events(ConsulWatches consul, @Nullable String name) implements Watched {
    @Override
    public String what() {
      return name == null ? "events" : "event " + name;
    }

    @Override
    public Subscription subscribe(Consumer<Rendered> changed, Consumer<Trust> trust) {
      ConsulEventListener listener =
          new ConsulEventListener() {
            @Override
            public void fired(ConsulEvent event) {
              changed.accept(new RenderedEvent(event));
            }

            @Override
            public void missed() {
              trust.accept(new Trust("live", "events were missed: the agent knows the last 256"));
            }

            @Override
            public void interrupted(RegistryException cause) {
              trust.accept(Trust.stale(cause));
            }

            @Override
            public void resumed() {
              trust.accept(Trust.LIVE);
            }
          };
      return name == null ? consul.events(listener) : consul.events(name, listener);
    }
  }

  private record RenderedEvent(ConsulEvent event) implements Watched.Rendered {
    @Override
    public String json() {
      return Json.object(
          to -> {
            to.writeStringField("event", "fired");
            to.writeStringField("id", event.id());
            to.writeStringField("name", event.name());
            Optional<String> text = Values.text(Bytes.of(event.payload()));
            if (text.isPresent()) {
              to.writeStringField("value", text.get());
            } else {
              to.writeBinaryField("base64", event.payload());
            }
          });
    }

    @Override
    public void print(ChangeLines to) {
      Bytes payload = Bytes.of(event.payload());
      to.line(
          Screen.Mark.ADDED, event.name(), Values.text(payload).orElse(payload + ", not UTF-8"));
    }
  }
}
