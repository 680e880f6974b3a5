package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.InstanceKey;
import dev.rollcall.spi.Selector;
import io.etcd.jetcd.ByteSequence;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Keys: {@code <base><service>/<id>}, and what others put below the base. */
@Tag("inside")
final class KeyLayoutTest {
  private final KeyLayout keys = new KeyLayout("/rollcall/");

  @Test
  @DisplayName("a key is read back as what it was made of, whatever its letters")
  void roundTrip() {
    for (String base : List.of("", "/", "/rollcall/", "a/b/", "/ü/")) {
      for (String id : List.of("1", "a.b", "ü 😀", "..x", "%2F", "a:b")) {
        InstanceKey key = new InstanceKey("web \u05d0", id);
        assertThat(new KeyLayout(base).parse(new KeyLayout(base).key(key))).isEqualTo(key);
      }
    }
  }

  @Test
  @DisplayName("a deeper key: its first segment is the service, dots stand for slashes in the id")
  void deeper() {
    assertThat(keys.parse(bytes("/rollcall/web/eu/node2")))
        .isEqualTo(new InstanceKey("web", "eu.node2"));
    assertThat(new KeyLayout("/").parse(bytes("/web/node2")))
        .isEqualTo(new InstanceKey("web", "node2"));
  }

  @Test
  @DisplayName("what is no key of an instance is none")
  void foreign() {
    for (String key :
        List.of(
            "/rollcall/",
            "/rollcall/web",
            "/rollcall/web/",
            "/rollcall//x",
            "/other/web/x",
            "x",
            "/rollcall/../x",
            "/rollcall/web/a\nb",
            "/rollcall/" + "w".repeat(300) + "/x")) {
      assertThat(keys.parse(bytes(key))).as(key).isNull();
    }
    assertThat(keys.parse(ByteSequence.from(new byte[] {'/', (byte) 0xff}))).isNull();
  }

  @Test
  @DisplayName("a service's range holds its own keys, and not those of a longer name")
  void ranges() {
    Range range = keys.range(Selector.service("web"));
    assertThat(range).isEqualTo(new Range(bytes("/rollcall/web/"), bytes("/rollcall/web0")));
    assertThat(keys.range(Selector.everything()))
        .isEqualTo(new Range(bytes("/rollcall/"), bytes("/rollcall0")));
    assertThat(new KeyLayout("").range(Selector.everything()).from())
        .isEqualTo(ByteSequence.from(new byte[] {0}));
  }
}
