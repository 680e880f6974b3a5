package dev.rollcall.consul;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A key of Consul's store with all that Consul says of it. Immutable.
 *
 * @since 0.1.0
 */
public final class ConsulPair {
  private final String key;
  private final byte[] value;
  private final long flags;
  private final long createIndex;
  private final long modifyIndex;
  private final long lockIndex;
  private final Optional<String> session;

  ConsulPair(
      String key,
      byte[] value,
      long flags,
      long createIndex,
      long modifyIndex,
      long lockIndex,
      Optional<String> session) {
    this.key = key;
    this.value = value.clone();
    this.flags = flags;
    this.createIndex = createIndex;
    this.modifyIndex = modifyIndex;
    this.lockIndex = lockIndex;
    this.session = session;
  }

  /**
   * Returns the whole key.
   *
   * @return the key
   */
  public String key() {
    return key;
  }

  /**
   * Returns the value.
   *
   * @return a copy of the bytes, possibly none
   */
  public byte[] value() {
    return value.clone();
  }

  /**
   * Returns the value as text.
   *
   * @return the bytes read as UTF-8
   */
  public String text() {
    return new String(value, StandardCharsets.UTF_8);
  }

  /**
   * Returns what the writer has put beside the value.
   *
   * @return 64 bits, to be read as unsigned
   */
  public long flags() {
    return flags;
  }

  /**
   * Returns the index at which the key was made.
   *
   * @return Consul's index, 1 or more
   */
  public long createIndex() {
    return createIndex;
  }

  /**
   * Returns the index at which the key was last written: what a compare-and-set goes by.
   *
   * @return Consul's index, 1 or more
   */
  public long modifyIndex() {
    return modifyIndex;
  }

  /**
   * Returns how often the key was locked.
   *
   * @return the count
   */
  public long lockIndex() {
    return lockIndex;
  }

  /**
   * Returns the session that holds the key's lock.
   *
   * @return a session's ID; empty where it is not locked
   */
  public Optional<String> session() {
    return session;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConsulPair that
        && key.equals(that.key)
        && Arrays.equals(value, that.value)
        && flags == that.flags
        && createIndex == that.createIndex
        && modifyIndex == that.modifyIndex
        && lockIndex == that.lockIndex
        && session.equals(that.session);
  }

  @Override
  public int hashCode() {
    return 31 * key.hashCode() + Long.hashCode(modifyIndex);
  }

  /** Shows the value's length alone: it may be a secret. */
  @Override
  public String toString() {
    return "ConsulPair[" + key + ", " + value.length + " bytes, modified at " + modifyIndex + "]";
  }
}
