package dev.rollcall.testkit.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Shell scripts that stand for servers, apt-get and dpkg. */
final class FakePrograms {
  private FakePrograms() {}

  static Path etcd(Path folder, String version) {
    return script(folder.resolve("etcd"), "echo 'etcd Version: " + version + "'");
  }

  static Path consul(Path folder, String version) {
    return script(folder.resolve("consul"), "echo 'Consul v" + version + "'");
  }

  static Path script(Path file, String body) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, "#!/bin/sh\nPATH=/usr/bin:/bin\n" + body + "\n");
      return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * An apt-get whose mirrors are the given index targets, that counts its downloads in {@code
   * folder/downloads} and remembers the sources it was given in {@code folder/sources}.
   */
  static void apt(Path folder, String targets, String update) {
    script(
        folder.resolve("apt-get"),
        """
        here='%s'
        if [ "$1" = indextargets ]; then printf '%%s\\n' '%s'; exit 0; fi
        config=$3
        case "$4" in
          update)
            sources=$(sed -n 's/^Dir::Etc::sourcelist "\\(.*\\)";/\\1/p' "$config")
            cat "$sources" >> "$here/sources"
            cp "$config" "$here/config"
            %s
            ;;
          download) echo "$5" >> "$here/downloads"; echo fake > "$5_1_all.deb" ;;
        esac
        """
            .formatted(folder, targets, update));
  }

  /** A dpkg whose every package holds an etcd of the given version. */
  static void dpkg(Path folder, String version) {
    script(
        folder.resolve("dpkg"),
        """
        mkdir -p "$3/usr/bin"
        printf '#!/bin/sh\\necho "etcd Version: %s"\\n' > "$3/usr/bin/etcd"
        chmod 755 "$3/usr/bin/etcd"
        """
            .formatted(version));
  }
}
