package dev.rollcall.it;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;

/** A JDK on this machine. */
record Jdk(Path home) {

  /** The one that runs the tests. */
  static Jdk own() {
    return new Jdk(Path.of(System.getProperty("java.home")));
  }

  /**
   * The one that the variable {@code ROLLCALL_JDK_<version>} names, the one that runs the tests if
   * it is of that version, or one that is installed beside that.
   */
  static Jdk ofVersion(int version) {
    String named = System.getenv("ROLLCALL_JDK_" + version);
    if (named != null) {
      return new Jdk(Path.of(named));
    }
    if (Runtime.version().feature() == version) {
      return own();
    }
    try (Stream<Path> beside = Files.list(own().home().toRealPath().getParent())) {
      return beside
          .sorted()
          .map(Jdk::new)
          .filter(each -> each.isOf(version))
          .findFirst()
          .orElseThrow(
              () ->
                  new AssertionError(
                      "JDK "
                          + version
                          + ": none found (expected: in ROLLCALL_JDK_"
                          + version
                          + ", or"
                          + " beside "
                          + own().home()
                          + ")"));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private boolean isOf(int version) {
    Path release = home.resolve("release");
    if (!Files.isExecutable(home.resolve("bin/java")) || !Files.isReadable(release)) {
      return false;
    }
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(release)) {
      properties.load(in);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    String text = Objects.requireNonNullElse(properties.getProperty("JAVA_VERSION"), "");
    return List.of(text.replace("\"", "").split("[.+-]")).get(0).equals("" + version);
  }
}
