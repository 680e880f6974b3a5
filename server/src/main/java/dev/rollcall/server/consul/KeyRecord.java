package dev.rollcall.server.consul;

import dev.rollcall.kv.Bytes;
import java.nio.ByteBuffer;
import java.util.function.Predicate;

/**
 * What is kept of a key over the end of the process: all but its holder, whose session ends with
 * it.
 *
 * @param endsWithSession whether the key goes where its session does
 */
record KeyRecord(
    String key,
    Bytes value,
    long flags,
    long lockIndex,
    long createIndex,
    long modifyIndex,
    boolean endsWithSession) {

  static KeyRecord of(KeyValues.Pair pair, Predicate<String> deletesKeys) {
    String holder = pair.lock().holder();
    return new KeyRecord(
        pair.entry().key(),
        pair.entry().value(),
        pair.flags(),
        pair.lock().index(),
        pair.createIndex(),
        pair.modifyIndex(),
        !holder.isEmpty() && deletesKeys.test(holder));
  }

  byte[] bytes() {
    return ByteBuffer.allocate(4 * Long.BYTES + 1 + value.size())
        .putLong(flags)
        .putLong(lockIndex)
        .putLong(createIndex)
        .putLong(modifyIndex)
        .put((byte) (endsWithSession ? 1 : 0))
        .put(value.toArray())
        .array();
  }

  static KeyRecord read(String key, byte[] record) {
    ByteBuffer from = ByteBuffer.wrap(record);
    long flags = from.getLong();
    long lockIndex = from.getLong();
    long createIndex = from.getLong();
    long modifyIndex = from.getLong();
    boolean endsWithSession = from.get() != 0;
    byte[] value = new byte[from.remaining()];
    from.get(value);
    return new KeyRecord(
        key, Bytes.of(value), flags, lockIndex, createIndex, modifyIndex, endsWithSession);
  }
}
