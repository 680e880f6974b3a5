package dev.rollcall.etcd;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Selector;
import io.etcd.jetcd.ByteSequence;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where an instance stands: {@code <base><service>/<id>}. What others wrote may lie deeper; its
 * service is then the first segment below the base, and its id all the rest, with dots for slashes.
 * Immutable.
 */
final class KeyLayout {
  private final String base;
  private final byte[] baseBytes;

  /**
   * Creates the keys below a base.
   *
   * @param base empty, or ending in a slash
   */
  KeyLayout(String base) {
    this.base = base;
    this.baseBytes = base.getBytes(StandardCharsets.UTF_8);
  }

  ByteSequence key(InstanceKey of) {
    return bytes(base + of.service() + "/" + of.id());
  }

  Range range(Selector selector) {
    if (selector instanceof Selector.OfService one) {
      return Range.ofPrefix((base + one.name() + "/").getBytes(StandardCharsets.UTF_8));
    }
    return Range.ofPrefix(baseBytes);
  }

  /** Returns whose key it is, or null where it is no instance's. */
  @Nullable InstanceKey parse(ByteSequence key) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key.getBytes())).toString();
    } catch (CharacterCodingException malformed) {
      return null;
    }
    if (!text.startsWith(base)) {
      return null;
    }
    int slash = text.indexOf('/', base.length());
    if (slash < 0) {
      return null;
    }
    try {
      return new InstanceKey(
          text.substring(base.length(), slash), text.substring(slash + 1).replace('/', '.'));
    } catch (RegistryException noName) {
      return null;
    }
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
