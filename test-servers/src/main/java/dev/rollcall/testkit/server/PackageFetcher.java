package dev.rollcall.testkit.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Brings a package's content into an empty folder. */
interface PackageFetcher {
  /**
   * Fetches and unpacks; blocks meanwhile.
   *
   * @return empty when the content is under {@code folder/root}, else in a few words why it is not
   */
  Optional<String> fetch(DebianPackage debian, Path folder) throws IOException;
}
