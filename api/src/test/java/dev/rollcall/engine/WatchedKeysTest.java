package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchedKeysTest {
  private static final KeyValue A = new KeyValue("a", Bytes.ofText("1"), 1);
  private static final KeyValue B = new KeyValue("b", Bytes.ofText("2"), 2);

  private final ManualTimer timer = new ManualTimer();
  private final Dispatcher dispatcher =
      new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run);
  private final WatchedKeys watched = new WatchedKeys(Keys.prefix(""), timer, dispatcher);

  @Test
  void calls_afterClose_areDropped() {
    watched.replace(List.of(A), 1);
    watched.synced();
    WatchedKeys.State shown = watched.state();
    watched.close();
    watched.apply(List.of(new KeyEvent.Put(B)), 2);
    watched.interrupted(RegistryException.unavailable("late", null));
    watched.replace(List.of(), 3);
    watched.synced();
    assertThat(watched.state()).isEqualTo(shown);
    assertThat(shown.freshness()).isInstanceOf(Freshness.Live.class);
  }
}
