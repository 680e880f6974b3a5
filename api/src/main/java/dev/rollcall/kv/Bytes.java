package dev.rollcall.kv;

import dev.rollcall.Arguments;
import dev.rollcall.RegistryException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes that nobody can change: the value of a key, kept exactly, whatever they are. Immutable,
 * with value equality. {@link #toString()} shows their number alone, since they may be a secret.
 *
 * @since 0.1.0
 */
public final class Bytes {
  private static final Bytes EMPTY = new Bytes(new byte[0]);

  private final byte[] bytes;

  private Bytes(byte[] own) {
    this.bytes = own;
  }

  /**
   * Returns no bytes.
   *
   * @return the empty value
   */
  public static Bytes empty() {
    return EMPTY;
  }

  /**
   * Copies an array.
   *
   * @param bytes what to copy
   * @return its bytes
   */
  public static Bytes of(byte[] bytes) {
    byte[] given = Arguments.notNull("bytes", bytes, "");
    return given.length == 0 ? EMPTY : new Bytes(given.clone());
  }

  /**
   * Encodes a text.
   *
   * @param text what to encode
   * @return its bytes in UTF-8
   * @throws RegistryException of kind {@code INVALID} where the text is no well-formed Unicode
   */
  public static Bytes ofText(String text) {
    Arguments.notNull("text", text, "");
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] own = new byte[encoded.remaining()];
      encoded.get(own);
      return own.length == 0 ? EMPTY : new Bytes(own);
    } catch (CharacterCodingException malformed) {
      throw RegistryException.invalid(
          "text: " + text.length() + " characters (expected: well-formed Unicode)");
    }
  }

  /**
   * Returns how many bytes there are.
   *
   * @return zero or more
   */
  public int size() {
    return bytes.length;
  }

  /**
   * Copies the bytes.
   *
   * @return a new array
   */
  public byte[] toArray() {
    return bytes.clone();
  }

  /**
   * Shows the bytes without copying them.
   *
   * @return a new read-only buffer on all of them
   */
  public ByteBuffer asByteBuffer() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
  }

  /**
   * Decodes the bytes.
   *
   * @return the text that they are in UTF-8
   * @throws RegistryException of kind {@code INVALID} where they are no UTF-8
   */
  public String text() {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException malformed) {
      throw RegistryException.invalid("value: " + bytes.length + " bytes (expected: UTF-8)");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Returns the number of bytes, and none of them. */
  @Override
  public String toString() {
    return bytes.length == 1 ? "1 byte" : bytes.length + " bytes";
  }
}
