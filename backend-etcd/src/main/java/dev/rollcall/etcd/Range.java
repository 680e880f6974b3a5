package dev.rollcall.etcd;

import io.etcd.jetcd.ByteSequence;

/**
 * Keys from one, inclusive, to another, exclusive, in the order of their bytes.
 *
 * @param from the first key
 * @param to the key after the last
 */
record Range(ByteSequence from, ByteSequence to) {
  private static final ByteSequence ZERO = ByteSequence.from(new byte[] {0});

  /** Returns the range of all keys that begin with some bytes. */
  static Range ofPrefix(byte[] prefix) {
    if (prefix.length == 0) {
      return new Range(ZERO, ZERO); // etcd's way to say "every key"
    }
    byte[] end = prefix.clone();
    end[end.length - 1]++; // a prefix here ends in ASCII, which never overflows
    return new Range(ByteSequence.from(prefix), ByteSequence.from(end));
  }
}
