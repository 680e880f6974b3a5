package dev.rollcall.server.dashboard;

import com.google.common.base.Splitter;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds an installed Chromium; none is ever fetched. */
final class Chromium {
  private static final String VARIABLE = "ROLLCALL_CHROMIUM";
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  private Chromium() {}

  static Path find() {
    String named = System.getenv(VARIABLE);
    if (named != null) {
      return Path.of(named);
    }
    String path = System.getenv().getOrDefault("PATH", "");
    for (String folder : Splitter.on(File.pathSeparatorChar).omitEmptyStrings().split(path)) {
      for (String name : NAMES) {
        Path program = Path.of(folder, name);
        if (Files.isExecutable(program)) {
          return program;
        }
      }
    }
    throw new AssertionError(
        "no Chromium found: install Debian's package \"chromium\" (apt-get install chromium), or"
            + " name another one in "
            + VARIABLE);
  }
}
