package dev.rollcall.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {
  @TempDir Path root;

  private StateFolder folder(String identity) throws IOException {
    StateFolder folder = new StateFolder(root.resolve("made/later"), identity);
    folder.prepare();
    return folder;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static List<Path> files(StateFolder folder) throws IOException {
    try (Stream<Path> files = Files.list(folder.path())) {
      return files.toList();
    }
  }

  @Test
  void write_replaces_andLeavesNothingBeside() throws IOException {
    StateFolder folder = folder("etcd://a");
    assertThat(folder.read("orders")).isNull();
    folder.write("orders", bytes("first, and longer"));
    folder.write("orders", bytes("second"));

    assertThat(folder.read("orders")).isEqualTo(bytes("second"));
    assertThat(files(folder)).containsExactly(folder.file("orders"));
  }

  @Test
  void services_haveFilesOfTheirOwn_whateverTheirNames() throws IOException {
    StateFolder folder = folder("etcd://a");
    List<String> names =
        List.of(
            "orders",
            "ORDERS",
            "a:b",
            "CON",
            "nul.txt",
            "...",
            "-",
            " ",
            "a*?\"<>|\\",
            "日本",
            "e\u0301",
            "\u00e9",
            "x".repeat(253));
    for (String name : names) {
      folder.write(name, bytes(name));
    }
    Set<String> lowerCase = new HashSet<>();
    for (String name : names) {
      assertThat(folder.read(name)).isEqualTo(bytes(name));
      String file = folder.file(name).getFileName().toString();
      assertThat(file).matches("[0-9a-f]{32}\\.state");
      lowerCase.add(file);
    }
    assertThat(lowerCase).hasSameSizeAs(names);
  }

  @Test
  void stores_areKeptApart_andTheirNamesAreNowhere() throws IOException {
    StateFolder first = folder("etcd://secret-host/prod");
    StateFolder second = folder("etcd://secret-host/test");
    first.write("orders", bytes("first"));

    assertThat(second.read("orders")).isNull();
    assertThat(first.path()).isNotEqualTo(second.path());
    assertThat(first.path().toString()).doesNotContain("secret").doesNotContain("prod");
  }

  @Test
  void writeThatFails_leavesTheOldFileAndNothingBeside() throws IOException {
    StateFolder folder = folder("etcd://a");
    folder.write("orders", bytes("old"));
    Path inTheWay = folder.file("payments");
    Files.createDirectories(inTheWay.resolve("full"));

    assertThatThrownBy(() -> folder.write("payments", bytes("new")))
        .isInstanceOf(IOException.class);
    assertThat(files(folder)).containsExactlyInAnyOrder(folder.file("orders"), inTheWay);
    assertThat(folder.read("payments")).isNull();
  }

  @Test
  void interruptedReader_reads() throws IOException {
    StateFolder folder = folder("etcd://a");
    folder.write("orders", bytes("old"));
    Thread.currentThread().interrupt();
    try {
      assertThat(folder.read("orders")).isEqualTo(bytes("old"));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void foldersAndFiles_areTheUsersAlone() throws IOException {
    StateFolder folder = folder("etcd://a");
    folder.write("orders", bytes("x"));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.path())))
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.file("orders"))))
        .isEqualTo("rw-------");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void folder_thatOthersCanWriteTo_isRefused() throws IOException {
    StateFolder folder = folder("etcd://a");
    for (String permissions : List.of("rwx-w----", "rwx----w-", "rwxrwxrwx")) {
      Files.setPosixFilePermissions(folder.path(), PosixFilePermissions.fromString(permissions));
      assertThatThrownBy(folder::prepare)
          .isInstanceOf(IOException.class)
          .hasMessage("others can write to it (expected: permissions of 0700)");
    }
    Files.setPosixFilePermissions(folder.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
    folder.prepare();
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void folder_thatIsALink_isRefused() throws IOException {
    StateFolder folder = folder("etcd://a");
    Files.delete(folder.path());
    Files.createSymbolicLink(folder.path(), Files.createDirectory(root.resolve("elsewhere")));

    assertThatThrownBy(folder::prepare)
        .isInstanceOf(IOException.class)
        .hasMessage("it is a link (expected: a folder)");
  }

  @Test
  void clean_removesWhatIsOfNoUse_andNothingElse() throws IOException {
    StateFolder folder = folder("etcd://a");
    long now = InstantSource.system().millis();
    folder.write("old", bytes("x"));
    folder.write("new", bytes("x"));
    Path left = Files.createFile(folder.path().resolve("left.tmp"));
    Path beingWritten = Files.createFile(folder.path().resolve("young.tmp"));
    Path foreign = Files.createFile(folder.path().resolve("README"));
    for (Path file : List.of(folder.file("old"), left, foreign)) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(now - 3_600_000));
    }

    folder.clean(now, Duration.ofMinutes(59));

    assertThat(files(folder)).containsExactlyInAnyOrder(folder.file("new"), beingWritten, foreign);
  }
}
