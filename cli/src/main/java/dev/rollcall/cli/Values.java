package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import java.util.Optional;
import java.util.stream.Collectors;

/** The value of a key, for people to read. */
final class Values {
  private Values() {}

  /** Returns the value as a text, empty where its bytes are none. */
  static Optional<String> text(Bytes value) {
    try {
      return Optional.of(value.text());
    } catch (RegistryException notUtf8) {
      return Optional.empty();
    }
  }

  /** Returns all lines of a value, with control characters made visible. */
  static String shown(Bytes value) {
    return text(value)
        .map(text -> text.lines().map(Cells::safe).collect(Collectors.joining("\n")))
        .orElse(value + ", not UTF-8");
  }
}
