package dev.rollcall.server.access;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.io.BaseEncoding;
import dev.rollcall.RegistryException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The principals of a token file. Immutable. Of each token only its SHA-256 is kept; a token that
 * is presented is compared with every one of them, each to its end, so that the time that takes
 * tells nothing.
 *
 * <p>A line of the file is a name, a token and one role or more, parted by blanks; {@code #} begins
 * a comment:
 *
 * <pre>{@code
 * ops        token:…32 characters or more…   admin
 * shop       sha256:…64 hexadecimal digits…  read register:shop- register:cart
 * billing    certificate:billing.internal    read register:billing
 * anonymous  -                               read
 * }</pre>
 *
 * {@code certificate} stands for the common name of a client's certificate, where the centre asks
 * for one; {@code anonymous} for a caller that presents neither. A role {@code register:} ends with
 * the beginning of the names of services: {@code register:shop-} leaves {@code shop} and {@code
 * shopping} alone.
 *
 * @since 0.1.0
 */
public final class Tokens {
  private static final int MIN_TOKEN_CHARACTERS = 20;
  private static final int MAX_BYTES = 1 << 20;
  private static final String REGISTER = "register:";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Pattern TOKEN = Pattern.compile("[!-~]{20,256}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");

  private static final class Known {
    private final byte[] sha256;
    private final Principal principal;

    Known(byte[] sha256, Principal principal) {
      this.sha256 = sha256;
      this.principal = principal;
    }
  }

  private final List<Known> known;
  private final Map<String, Principal> certificates;
  private final @Nullable Principal anonymous;

  private Tokens(
      List<Known> known, Map<String, Principal> certificates, @Nullable Principal anonymous) {
    this.known = List.copyOf(known);
    this.certificates = ImmutableMap.copyOf(certificates);
    this.anonymous = anonymous;
  }

  /**
   * Reads a token file. Blocks.
   *
   * @param file the file, which only its owner and its group may read unless it holds no token but
   *     as SHA-256
   * @return its principals
   * @throws RegistryException of kind {@code INVALID} where the file cannot be read, is readable by
   *     every user, or breaks the rule; the message names the line, never a token
   */
  public static Tokens read(Path file) {
    String text;
    boolean worldReadable;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw RegistryException.invalid("token file " + file + ": (expected: at most 1 MiB)");
      }
      text = Files.readString(file);
      worldReadable =
          Files.getFileStore(file).supportsFileAttributeView("posix")
              && Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
    } catch (CharacterCodingException noText) {
      throw RegistryException.invalid("token file " + file + ": (expected: UTF-8)");
    } catch (IOException unreadable) {
      throw new RegistryException(
          RegistryException.Kind.INVALID, "token file " + file + ": cannot be read", unreadable);
    }
    return parse(file.toString(), text, worldReadable);
  }

  static Tokens parse(String file, String text, boolean readableByEverybody) {
    List<Known> known = new ArrayList<>();
    Map<String, Principal> certificates = new HashMap<>();
    Principal anonymous = null;
    Set<String> names = new HashSet<>();
    int number = 0;
    for (String line : Splitter.on('\n').split(text)) {
      String where = "token file " + file + ", line " + ++number + ": ";
      List<String> words =
          Splitter.onPattern("[ \t\r]+").omitEmptyStrings().splitToList(uncommented(line));
      if (words.isEmpty()) {
        continue;
      }
      if (words.size() < 3) {
        throw RegistryException.invalid(where + "(expected: a name, a token and roles)");
      }
      Principal principal = principal(where, words.get(0), words.subList(2, words.size()));
      if (!names.add(principal.name())) {
        throw RegistryException.invalid(where + "the name " + principal.name() + " comes twice");
      }
      String secret = words.get(1);
      if (principal.name().equals("anonymous") != secret.equals("-")) {
        throw RegistryException.invalid(
            where + "(expected: - in the place of a token for anonymous, and for nobody else)");
      }
      if (secret.equals("-")) {
        anonymous = principal;
      } else if (secret.startsWith("certificate:")) {
        if (certificates.put(secret.substring("certificate:".length()), principal) != null) {
          throw RegistryException.invalid(where + "the certificate comes twice");
        }
      } else {
        byte[] sha256 = sha256(where, secret, readableByEverybody);
        if (known.stream().anyMatch(other -> MessageDigest.isEqual(other.sha256, sha256))) {
          throw RegistryException.invalid(where + "the token comes twice");
        }
        known.add(new Known(sha256, principal));
      }
    }
    if (known.isEmpty() && certificates.isEmpty()) {
      throw RegistryException.invalid("token file " + file + ": (expected: one token at least)");
    }
    return new Tokens(known, certificates, anonymous);
  }

  private static String uncommented(String line) {
    int comment = line.indexOf('#');
    return comment < 0 ? line : line.substring(0, comment);
  }

  private static Principal principal(String where, String name, List<String> roles) {
    if (!NAME.matcher(name).matches()) {
      throw RegistryException.invalid(where + "(expected: a name of A-Z a-z 0-9 . _ -)");
    }
    boolean reads = false;
    boolean admin = false;
    List<String> registers = new ArrayList<>();
    for (String role : roles) {
      if (role.equals("read")) {
        reads = true;
      } else if (role.equals("admin")) {
        admin = true;
      } else if (role.startsWith(REGISTER) && role.length() > REGISTER.length()) {
        registers.add(role.substring(REGISTER.length()));
      } else {
        throw RegistryException.invalid(
            where + "(expected: the roles read, register:prefix or admin)");
      }
    }
    return new Principal(name, reads, registers, admin);
  }

  private static byte[] sha256(String where, String secret, boolean readableByEverybody) {
    if (secret.startsWith("sha256:")) {
      String digits = secret.substring("sha256:".length());
      if (!SHA256.matcher(digits).matches()) {
        throw RegistryException.invalid(where + "(expected: sha256: and 64 hexadecimal digits)");
      }
      return BaseEncoding.base16().decode(digits.toUpperCase(Locale.ROOT));
    }
    String token = secret.startsWith("token:") ? secret.substring("token:".length()) : "";
    if (!TOKEN.matcher(token).matches()) {
      throw RegistryException.invalid(
          where
              + "(expected: token: and "
              + MIN_TOKEN_CHARACTERS
              + "-256 characters without blanks, sha256:, or certificate:)");
    }
    if (readableByEverybody) {
      throw RegistryException.invalid(
          where + "a token in a file that everybody can read (expected: chmod o-r, or sha256:)");
    }
    return digest(token);
  }

  /** Finds whose token it is, looking at every one. */
  Optional<Principal> find(String token) {
    byte[] presented = digest(token);
    Principal found = null;
    for (Known each : known) {
      if (MessageDigest.isEqual(each.sha256, presented)) {
        found = each.principal;
      }
    }
    return Optional.ofNullable(found);
  }

  Optional<Principal> ofCertificate(String commonName) {
    return Optional.ofNullable(certificates.get(commonName));
  }

  Optional<Principal> anonymous() {
    return Optional.ofNullable(anonymous);
  }

  private static byte[] digest(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException("every Java has SHA-256", never);
    }
  }

  @Override
  public String toString() {
    return "Tokens[" + (known.size() + certificates.size()) + " principals]";
  }
}
