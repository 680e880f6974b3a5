package dev.rollcall.cli;

import dev.rollcall.Freshness;
import dev.rollcall.Subscription;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueChange;
import dev.rollcall.kv.KeyValueListener;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import java.util.function.Consumer;

/** Watches a key, or all keys with a prefix. */
final class KeyChanges implements Watched {
  private static final int SHOWN = 200;

  private final KeyValueStore values;
  private final Keys keys;
  private final String what;

  KeyChanges(KeyValueStore values, Keys keys, String what) {
    this.values = values;
    this.keys = keys;
    this.what = what;
  }

  @Override
  public String what() {
    return what;
  }

  @Override
  public Subscription subscribe(Consumer<Rendered> changed, Consumer<Trust> trust) {
    return values.watch(
        keys,
        new KeyValueListener() {
          @Override
          public void changed(KeyValueChange change) {
            changed.accept(new RenderedChange(what, change));
          }

          @Override
          public void freshnessChanged(Freshness now) {
            trust.accept(Trust.of(now));
          }
        });
  }

  private record RenderedChange(String what, KeyValueChange change) implements Rendered {
    @Override
    public String json() {
      return Json.object(
          to -> {
            to.writeStringField("event", "changed");
            to.writeStringField("watched", what);
            Json.trust(to, Trust.of(change.freshness()));
            Json.pairs(to, "added", change.added());
            Json.pairs(to, "updated", change.updated());
            Json.pairs(to, "removed", change.removed());
            Json.pairs(to, "pairs", change.now().values());
          });
    }

    @Override
    public void print(ChangeLines to) {
      change.added().forEach(it -> to.line(Screen.Mark.ADDED, it.key(), value(it)));
      change.updated().forEach(it -> to.line(Screen.Mark.UPDATED, it.key(), value(it)));
      change.removed().forEach(it -> to.line(Screen.Mark.REMOVED, it.key(), ""));
      if (change.now().isEmpty()) {
        to.line(Screen.Mark.TRUST, what, "is not there");
      }
    }

    private static String value(KeyValue pair) {
      return Cells.cut(
          Values.text(pair.value()).map(Cells::safe).orElse(pair.value() + ", not UTF-8"), SHOWN);
    }
  }
}
