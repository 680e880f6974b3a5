package dev.rollcall.server.consul;

import static dev.rollcall.server.consul.DataFolder.Table.HEARTBEATS;
import static dev.rollcall.server.consul.DataFolder.Table.KEYS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.RegistryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class DataFolderTest {
  private static final String WHOSE = "n1 before memory://";

  @TempDir Path temporary;

  private Path folder() {
    return temporary.resolve("data");
  }

  private static Path file(Path folder) {
    return folder.resolve("centre.mv");
  }

  private DataFolder open() {
    return DataFolder.open(folder(), WHOSE);
  }

  private static Map<String, String> read(DataFolder folder) {
    Map<String, String> read = new HashMap<>();
    folder.forEach(KEYS, (key, content) -> read.put(key, new String(content, UTF_8)));
    return read;
  }

  @Test
  void commit_isThereAfterAnEndWithoutAClose() {
    DataFolder first = open();
    first.put(KEYS, "a", "1".getBytes(UTF_8));
    first.put(KEYS, "b", "2".getBytes(UTF_8));
    first.put(HEARTBEATS, "a", "3".getBytes(UTF_8));
    first.commit();
    first.remove(KEYS, "b");
    first.commit();
    first.put(KEYS, "c", "not committed".getBytes(UTF_8));
    first.abandon();

    try (DataFolder second = open()) {
      assertThat(read(second)).containsExactly(Map.entry("a", "1"));
      assertThat(second.get(HEARTBEATS, "a")).asString(UTF_8).isEqualTo("3");
      assertThat(second.get(KEYS, "b")).isNull();
    }
  }

  @Test
  void abandoned_isOpenedAgain_asTheLastCommitLeftIt() {
    try (DataFolder data = open()) {
      data.put(KEYS, "a", "1".getBytes(UTF_8));
      data.commit();
      long bytes = data.bytes();
      data.put(KEYS, "a", "22".getBytes(UTF_8));
      data.abandon();
      assertThat(read(data)).containsExactly(Map.entry("a", "1"));
      assertThat(data.bytes()).isEqualTo(bytes);
      data.put(KEYS, "a", "22".getBytes(UTF_8));
      data.commit();
      assertThat(read(data)).containsExactly(Map.entry("a", "22"));
    }
  }

  @Test
  void second_isRefused_whileTheFirstHasIt() {
    try (DataFolder first = open()) {
      first.commit();
      assertThatThrownBy(this::open)
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("data: " + folder())
          .hasMessageContaining("another process has it");
    }
    open().close();
  }

  @Test
  void anothersFolder_isRefused() {
    open().close();
    assertThatThrownBy(() -> DataFolder.open(folder(), "n1 before etcd://10.0.0.1:2379/prod"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("another node, or one before another store");
    open().close();
  }

  @Test
  void folderAndFile_areTheUsersAlone() throws IOException {
    open().close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(folder()))))
        .isEqualTo("rw-------");

    Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(this::open)
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("others can write to it (expected: permissions of 0700)");
  }

  @Test
  void folderThatCannotBe_isRefused() throws IOException {
    Files.writeString(temporary.resolve("file"), "");
    assertThatThrownBy(() -> DataFolder.open(temporary.resolve("file"), WHOSE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("data: " + temporary.resolve("file"));
  }

  @Test
  void foreignFile_isRefused_andLeftAsItIs() throws IOException {
    open().close();
    byte[] garbage = new byte[100_000];
    new Random(1).nextBytes(garbage);
    Files.write(file(folder()), garbage);
    assertThatThrownBy(this::open)
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(file(folder()).toString())
        .hasMessageContaining("cannot be read");
    assertThat(file(folder())).hasBinaryContent(garbage);
  }

  /** What a file may look like after a kill, a lost write or a failing disk. */
  @Test
  void tornAndDamagedFiles_giveWhatWasCommitted_orAreRefused() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<Map<String, String>> states = new ArrayList<>(List.of(Map.of()));
    DataFolder data = open();
    Map<String, String> state = new HashMap<>();
    for (int commit = 0; commit < 60; commit++) {
      for (int i = 0; i < 1 + random.nextInt(20); i++) {
        String key = "key-" + random.nextInt(200);
        if (random.nextInt(4) == 0) {
          state.remove(key);
          data.remove(KEYS, key);
        } else {
          String value = commit + "/" + "x".repeat(random.nextInt(2_000));
          state.put(key, value);
          data.put(KEYS, key, value.getBytes(UTF_8));
        }
      }
      data.commit();
      states.add(Map.copyOf(state));
    }
    byte[] whole = Files.readAllBytes(file(folder()));
    data.abandon();

    int refused = 0;
    int latest = 0;
    for (int round = 0; round < 150; round++) {
      byte[] torn = damaged(whole, random);
      Path copy = Files.createDirectories(temporary.resolve("copy-" + round));
      Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwx------"));
      Files.write(file(copy), torn);
      try (DataFolder opened = DataFolder.open(copy, WHOSE)) {
        Map<String, String> read = read(opened);
        assertThat(states).as("seed %d, round %d", seed, round).contains(read);
        latest += read.equals(states.get(states.size() - 1)) ? 1 : 0;
        opened.put(KEYS, "after", "1".getBytes(UTF_8));
        opened.commit();
      } catch (RegistryException damage) {
        assertThat(damage).hasMessageContaining("cannot be read");
        refused++;
      }
    }
    System.out.printf("seed %d: of 150 %d refused, %d complete%n", seed, refused, latest);
    assertThat(refused).isLessThan(150);
  }

  private static byte[] damaged(byte[] whole, Random random) {
    byte[] torn = whole.clone();
    int at = random.nextInt(torn.length);
    switch (random.nextInt(4)) {
      case 0 -> torn = Arrays.copyOf(torn, at); // cut
      case 1 -> Arrays.fill(torn, at, torn.length, (byte) 0); // the end was never written
      case 2 -> Arrays.fill(torn, at, Math.min(torn.length, at + 4_096), (byte) 0); // a hole
      default -> torn[at] ^= (byte) (1 << random.nextInt(8)); // a bit
    }
    return torn;
  }

  @Test
  void size_isBounded_howeverOftenRecordsAreReplaced() throws IOException {
    Random random = new Random(1);
    byte[] content = new byte[1_000];
    long largest = 0;
    try (DataFolder data = open()) {
      for (int i = 0; i < 500; i++) {
        random.nextBytes(content);
        data.put(KEYS, "key-" + i, content);
      }
      data.commit();
      long began = System.nanoTime();
      for (int commit = 0; System.nanoTime() - began < 8_000_000_000L; commit++) {
        LockSupport.parkNanos(2_000_000);
        for (int i = 0; i < 5; i++) {
          random.nextBytes(content);
          data.put(KEYS, "key-" + random.nextInt(500), content);
        }
        data.commit();
        if (commit % 100 == 0) {
          data.tidy();
        }
        if (commit % 10 == 0) {
          largest = Math.max(largest, Files.size(file(folder())));
        }
      }
      System.out.printf("%d bytes of records, at most %d of the file%n", data.bytes(), largest);
    }
    assertThat(largest).isLessThan(128 << 20); // what 2 s of it have written, and some more
    assertThat(Files.size(file(folder()))).isLessThan(4 << 20);
  }
}
