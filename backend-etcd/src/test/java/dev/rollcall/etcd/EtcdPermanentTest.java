package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.key;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.testkit.server.EtcdExtension;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What no lease tells of: permanent instances are looked at all the same. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
final class EtcdPermanentTest {
  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.version("3.5");

  private static final Duration SOON = Duration.ofSeconds(30);

  private Rig rig;
  private String uri;
  private KV raw;

  @BeforeEach
  void open() {
    rig = new Rig();
    uri = "etcd://127.0.0.1:" + ETCD.port() + "/p" + System.nanoTime();
    raw = rig.jetcd("http://127.0.0.1:" + ETCD.port()).getKVClient();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private String storeKey(String id) {
    return uri.substring(uri.lastIndexOf('/')) + "/" + Rig.SERVICE + "/" + id;
  }

  private Registration permanent(int number) {
    return done(rig.registry(uri).register(instance("p", number), Liveness.permanent()));
  }

  @Test
  @DisplayName(
      "R4: deleted from outside, a permanent instance is registered again, as LOST between")
  void deletedFromOutside_isRestored() {
    Registration registration = permanent(1);
    List<State> states = new CopyOnWriteArrayList<>();
    registration.onState(states::add);

    done(raw.delete(bytes(storeKey("p"))));

    EtcdBackend observer = rig.backend(uri);
    within(SOON, () -> assertThat(stored(observer)).containsExactly(instance("p", 1)));
    within(SOON, () -> assertThat(states).containsExactly(State.ACTIVE, State.LOST, State.ACTIVE));
  }

  @Test
  @DisplayName("R11: a permanent owner that was superseded says FENCED, and removes nothing")
  void superseded_isFenced() {
    Registration first = permanent(1);
    Registration second = permanent(2);

    within(SOON, () -> assertThat(first.state()).isEqualTo(State.FENCED));
    first.close();
    assertThat(stored(rig.backend(uri))).containsExactly(instance("p", 2));
    assertThat(second.state()).isEqualTo(State.ACTIVE);
  }

  @Test
  @DisplayName("R11: a permanent owner whose key holds a stranger's junk says FENCED")
  void overwrittenByJunk_isFenced() {
    Registration registration = permanent(1);

    done(raw.put(bytes(storeKey("p")), bytes("junk")));

    within(SOON, () -> assertThat(registration.state()).isEqualTo(State.FENCED));
  }

  @Test
  @DisplayName("a permanent instance hangs on no lease, whatever it was registered with")
  void permanent_hangsOnNoLease() {
    Registration registration = permanent(1);
    done(registration.update(instance("p", 2)));
    KeyValue entry = done(raw.get(bytes(storeKey("p")))).getKvs().get(0);
    assertThat(entry.getLease()).isZero();
    assertThat(registration.instance().key()).isEqualTo(key("p"));
  }
}
