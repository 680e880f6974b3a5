package dev.rollcall.cli;

import com.google.common.hash.Hashing;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.support.BackendProviders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where a centre keeps its data if nobody says where: as the XDG base directories have it. */
final class DataHome {
  private static final int STORE_CHARACTERS = 12;

  private DataHome() {}

  /** Returns the folder of a node before a store; neither need be there. */
  static Path of(String node, String store) {
    String given = System.getenv("XDG_DATA_HOME");
    Path home =
        given != null && Path.of(given).isAbsolute() // any other is to be ignored
            ? Path.of(given)
            : Path.of(System.getProperty("user.home"), ".local", "share");
    String fingerprint =
        Hashing.sha256()
            .hashString(BackendProviders.identity(store), StandardCharsets.UTF_8)
            .toString()
            .substring(0, STORE_CHARACTERS);
    return home.resolve("rollcall")
        .resolve("centre")
        .resolve(node + "-" + BackendUri.parse(store).scheme() + "-" + fingerprint);
  }
}
