package dev.rollcall.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.consul.ConsulListener;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** Watches a complete list that Consul keeps. */
final class ConsulChanges<T> implements Watched {
  private final String what;
  private final Function<ConsulListener<List<T>>, Subscription> source;
  private final Entry<T> entry;

  ConsulChanges(
      String what, Function<ConsulListener<List<T>>, Subscription> source, Entry<T> entry) {
    this.what = what;
    this.source = source;
    this.entry = entry;
  }

  /** How one entry reads. */
  interface Entry<T> {
    void json(JsonGenerator to, T entry) throws IOException;

    String subject(T entry);

    String text(T entry);
  }

  @Override
  public String what() {
    return what;
  }

  @Override
  public Subscription subscribe(Consumer<Rendered> changed, Consumer<Trust> trust) {
    return source.apply(
        new ConsulListener<>() {
          @Override
          public void changed(List<T> now) {
            changed.accept(new RenderedList<>(what, entry, now));
          }

          @Override
          public void interrupted(RegistryException cause) {
            trust.accept(Trust.stale(cause));
          }

          @Override
          public void resumed() {
            trust.accept(Trust.LIVE);
          }
        });
  }

  private record RenderedList<T>(String what, Entry<T> entry, List<T> now) implements Rendered {
    @Override
    public String json() {
      return Json.object(
          to -> {
            to.writeStringField("event", "changed");
            to.writeStringField("watched", what);
            to.writeArrayFieldStart(what);
            for (T one : now) {
              to.writeStartObject();
              entry.json(to, one);
              to.writeEndObject();
            }
            to.writeEndArray();
          });
    }

    @Override
    public void print(ChangeLines to) {
      to.line(Screen.Mark.UPDATED, what, now.size() + (now.size() == 1 ? " entry" : " entries"));
      for (T one : now) {
        to.line(Screen.Mark.LISTED, entry.subject(one), entry.text(one));
      }
    }
  }
}
