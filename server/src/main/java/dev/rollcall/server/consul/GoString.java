package dev.rollcall.server.consul;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads what stands between the double quotes of a string as Go does. Stateless. */
final class GoString {
  private static final String LETTERS = "abfnrtv\\";
  private static final String MEANT = "\u0007\b\f\n\r\t\u000b\\";

  private GoString() {}

  /** Returns the text that is meant; nothing where Go knows no such string. */
  static Optional<String> unquoted(String inner) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(inner.length());
    int at = 0;
    while (at < inner.length()) {
      int c = inner.codePointAt(at);
      at += Character.charCount(c);
      if (c == '\n') {
        return Optional.empty();
      }
      if (c != '\\') {
        put(bytes, c);
        continue;
      }
      if (at == inner.length()) {
        return Optional.empty();
      }
      char kind = inner.charAt(at++);
      int letter = LETTERS.indexOf(kind);
      int digits =
          switch (kind) {
            case 'x' -> 2;
            case 'u' -> 4;
            case 'U' -> 8;
            case '0', '1', '2', '3' -> 3;
            default -> 0;
          };
      if (letter >= 0) {
        bytes.write(MEANT.charAt(letter));
      } else if (digits == 0) {
        return Optional.empty();
      } else {
        boolean octal = digits == 3;
        int from = octal ? at - 1 : at;
        long number = number(inner, from, digits, octal ? 8 : 16);
        if (number < 0 || (digits > 3 && !isCharacter(number))) {
          return Optional.empty();
        }
        at = from + digits;
        if (digits > 3) {
          put(bytes, (int) number);
        } else {
          bytes.write((int) number);
        }
      }
    }
    try {
      return Optional.of(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.toByteArray()))
              .toString());
    } catch (CharacterCodingException noText) {
      return Optional.empty();
    }
  }

  private static boolean isCharacter(long number) {
    return number <= Character.MAX_CODE_POINT
        && (number < Character.MIN_SURROGATE || number > Character.MAX_SURROGATE);
  }

  private static void put(ByteArrayOutputStream bytes, int c) {
    bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
  }

  private static long number(String text, int from, int digits, int radix) {
    if (from + digits > text.length()) {
      return -1;
    }
    long number = 0;
    for (int i = from; i < from + digits; i++) {
      int digit = Character.digit(text.charAt(i), radix);
      if (digit < 0 || text.charAt(i) > 'f') {
        return -1;
      }
      number = number * radix + digit;
    }
    return number;
  }
}
