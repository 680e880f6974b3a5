package dev.rollcall.etcd;

import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.BackendUri;
import io.etcd.jetcd.ByteSequence;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a key stands in etcd: its name behind a prefix. For a registry at {@code /prod/} that is
 * {@code kv/prod/}: it begins without a slash, so that no registry on a path sees it. Immutable.
 */
final class KeyValueNames {
  static final String OPTION = "kv-prefix";

  private final String base;
  private final byte[] baseBytes;
  private final SkippedEntries malformed;

  private KeyValueNames(String base, SkippedEntries malformed) {
    this.base = base;
    this.baseBytes = base.getBytes(StandardCharsets.UTF_8);
    this.malformed = malformed;
  }

  static KeyValueNames of(BackendUri uri, EtcdOptions options, SkippedEntries malformed) {
    String literal = uri.option(OPTION).orElse("");
    if (!literal.isEmpty()) {
      return new KeyValueNames(literal, malformed);
    }
    String registry = options.base();
    if (registry.isEmpty()) {
      // A registry without a prefix takes every key of etcd for an instance's.
      throw uri.invalid(OPTION, "one, where the registry's own prefix is empty");
    }
    return new KeyValueNames(
        "kv/" + (registry.startsWith("/") ? registry.substring(1) : registry), malformed);
  }

  ByteSequence key(String name) {
    return ByteSequence.from(base + name, StandardCharsets.UTF_8);
  }

  Range range(Keys keys) {
    if (keys instanceof Keys.OfKey one) {
      ByteSequence key = key(one.key());
      return new Range(key, key.concat(ByteSequence.from(new byte[] {0})));
    }
    return range(keys instanceof Keys.OfPrefix all ? all.prefix() : "");
  }

  Range range(String prefix) {
    return Range.ofPrefix((base + prefix).getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the name of a key below the prefix, or null where it has none. */
  @Nullable String name(ByteSequence key) {
    byte[] bytes = key.getBytes();
    String name;
    try {
      name =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes, baseBytes.length, bytes.length - baseBytes.length))
              .toString();
    } catch (CharacterCodingException unreadable) {
      malformed.skipped(key, "its name is not UTF-8");
      return null;
    }
    if (name.isEmpty()) {
      malformed.skipped(key, "it has no name below the prefix");
      return null;
    }
    return name;
  }

  /** Returns what an entry holds, or null where its key has no name. */
  @Nullable KeyValue read(io.etcd.jetcd.KeyValue entry) {
    String name = name(entry.getKey());
    return name == null
        ? null
        : new KeyValue(
            name,
            dev.rollcall.kv.Bytes.of(entry.getValue().getBytes()),
            entry.getModRevision(),
            entry.getCreateRevision());
  }

  List<KeyValue> read(List<io.etcd.jetcd.KeyValue> entries) {
    List<KeyValue> all = new ArrayList<>(entries.size());
    for (io.etcd.jetcd.KeyValue entry : entries) {
      KeyValue read = read(entry);
      if (read != null) {
        all.add(read);
      }
    }
    return all;
  }
}
