package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Health;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.engine.StateFile.Kept;
import dev.rollcall.engine.StateFile.UnusableException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StateFileTest {
  private static final byte[] STORE = new byte[32];
  private static final ServiceInstance FULL =
      ServiceInstance.builder("orders")
          .id("a #1")
          .address("2001:db8::7", 65_535)
          .scheme("grpc+tls")
          .tags(List.of("v2", "grün", ""))
          .metadata("app.kubernetes.io/name", "Ω\uD83D\uDE00")
          .metadata("empty", "")
          .weight(Integer.MAX_VALUE)
          .zone("eu-1a")
          .address("wan", "gate.example.org", 1)
          .port("admin", 9_000)
          .health(Health.WARNING)
          .build();

  private static byte[] file(ServiceInstance... instances) throws UnusableException {
    return StateFile.write(STORE, "orders", kept(instances));
  }

  private static Kept kept(ServiceInstance... instances) {
    return new Kept(1_700_000_000_000L, InstanceList.of(List.of(instances)));
  }

  @Test
  void state_isReadAsItWasWritten() throws UnusableException {
    ServiceInstance[] all = {
      FULL, Samples.instance("b"), Samples.instance("c", Health.CRITICAL), Samples.instance("d")
    };
    Kept read = StateFile.read(file(all), STORE, "orders");

    assertThat(read.liveMillis()).isEqualTo(1_700_000_000_000L);
    assertThat(read.instances()).containsExactly(all);
    assertThat(StateFile.read(file(), STORE, "orders").instances()).isEmpty();
  }

  @Test
  void anyState_isReadAsItWasWritten() throws UnusableException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int n = 0; n < 200; n++) {
      ServiceInstance[] some = new ServiceInstance[random.nextInt(20)];
      Arrays.setAll(some, i -> Samples.random(random));
      Kept state = kept(some);
      assertThat(StateFile.read(StateFile.write(STORE, "orders", state), STORE, "orders"))
          .as("seed %s", seed)
          .usingRecursiveComparison()
          .isEqualTo(state);
    }
  }

  @Test
  void file_thatIsCutAnywhere_isNotUsed() throws UnusableException {
    byte[] whole = file(FULL, Samples.instance("b"));
    for (int length = 0; length < whole.length; length++) {
      assertUnusable(Arrays.copyOf(whole, length), "cut to " + length);
    }
    assertUnusable(Arrays.copyOf(whole, whole.length + 1), "longer");
  }

  @Test
  void file_withAnyBitFlipped_isNotUsed() throws UnusableException {
    byte[] whole = file(FULL, Samples.instance("b"));
    for (int at = 0; at < whole.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] flipped = whole.clone();
        flipped[at] ^= (byte) (1 << bit);
        assertUnusable(flipped, "bit " + bit + " of byte " + at);
      }
    }
  }

  @Test
  void file_thatIsHalfAnother_isNotUsed() throws UnusableException {
    byte[] older = file(FULL, Samples.instance("b", 1));
    byte[] newer = file(FULL, Samples.instance("b", 2));
    assertThat(older).hasSameSizeAs(newer);
    for (int at = 0; at <= older.length; at++) {
      byte[] mixed = newer.clone();
      System.arraycopy(older, 0, mixed, 0, at);
      if (!Arrays.equals(mixed, older) && !Arrays.equals(mixed, newer)) {
        assertUnusable(mixed, "mixed at " + at);
      }
    }
  }

  @Test
  void file_ofAnotherVersion_isNotUsed() throws UnusableException {
    byte[] later = file(FULL);
    ByteBuffer.wrap(later).putInt(8, StateFile.VERSION + 1);
    assertThatThrownBy(() -> StateFile.read(later, STORE, "orders"))
        .isInstanceOf(UnusableException.class)
        .hasMessage("its version is 2, and this is 1");
  }

  @Test
  void file_ofAnotherStoreOrService_isNotUsed() throws UnusableException {
    byte[] other = STORE.clone();
    other[31] = 1;
    for (byte[] file :
        List.of(
            StateFile.write(other, "orders", kept(FULL)),
            StateFile.write(STORE, "orders2", kept()))) {
      assertThatThrownBy(() -> StateFile.read(file, STORE, "orders"))
          .isInstanceOf(UnusableException.class)
          .hasMessage("it is of another store or service");
    }
  }

  private static void assertUnusable(byte[] file, String how) {
    assertThatThrownBy(() -> StateFile.read(file, STORE, "orders"))
        .as(how)
        .isInstanceOf(UnusableException.class);
  }
}
