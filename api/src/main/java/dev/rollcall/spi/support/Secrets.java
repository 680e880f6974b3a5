package dev.rollcall.spi.support;

import com.google.common.net.InetAddresses;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What backends do alike with a password or a token that a URI's options give. Stateless.
 *
 * @since 0.1.0
 */
public final class Secrets {
  private Secrets() {}

  /**
   * Reads a secret from the file that an option names.
   *
   * @param uri any URI
   * @param option an option that holds a file's name, as in {@code password-file}
   * @return the file's text without white space around it, empty where the option is not given
   * @throws RegistryException of kind {@code INVALID}, naming the option, where the file cannot be
   *     read
   */
  public static Optional<String> fromFile(BackendUri uri, String option) {
    Optional<String> file = uri.option(option);
    try {
      return file.isEmpty()
          ? Optional.empty()
          : Optional.of(Files.readString(Path.of(file.get())).strip());
    } catch (IOException | InvalidPathException unreadable) {
      throw uri.invalid(option, "a file that can be read");
    }
  }

  /**
   * Tells whether a secret may travel to a host in plain text. Looks at the text alone: a name that
   * resolves to loopback now may not do so later.
   *
   * @param host a name or an address, without brackets
   * @return whether it is {@code localhost} or a loopback address
   */
  public static boolean isLoopback(String host) {
    return host.equalsIgnoreCase("localhost")
        || (InetAddresses.isInetAddress(host) && InetAddresses.forString(host).isLoopbackAddress());
  }
}
