package dev.rollcall.testkit.server;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** A product and a version line of it, such as etcd 3.5; the line is empty where any will do. */
record WantedServer(ServerKind kind, String line) {
  static final String ANY_LINE = "";
  private static final Pattern LINE = Pattern.compile("\\d+\\.\\d+");

  WantedServer {
    if (!line.equals(ANY_LINE) && !LINE.matcher(line).matches()) {
      throw new IllegalArgumentException(
          "versionLine: " + line + " (expected: major.minor, such as 3.5)");
    }
  }

  boolean accepts(String version) {
    return line.equals(ANY_LINE) || version.startsWith(line + ".");
  }

  String label() {
    return line.equals(ANY_LINE) ? kind.executable() : kind.executable() + " " + line;
  }

  String folderName() {
    return label().replace(' ', '-');
  }

  /** Names a version's own executable; a wrong version there is an error. */
  String exactVariable() {
    return line.equals(ANY_LINE)
        ? generalVariable()
        : generalVariable() + "_" + line.replace('.', '_');
  }

  /** Names an executable of some version; a version that does not fit is passed over. */
  String generalVariable() {
    return "ROLLCALL_" + kind.executable().toUpperCase(Locale.ROOT);
  }

  List<String> variables() {
    return exactVariable().equals(generalVariable())
        ? List.of(exactVariable())
        : List.of(exactVariable(), generalVariable());
  }
}
