package dev.rollcall.consul;

import com.google.common.io.BaseEncoding;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A user event of Consul. Immutable.
 *
 * @since 0.1.0
 */
public final class ConsulEvent {
  private final String id;
  private final String name;
  private final byte[] payload;
  private final String nodeFilter;
  private final String serviceFilter;
  private final String tagFilter;
  private final long lamportTime;

  ConsulEvent(
      String id,
      String name,
      byte[] payload,
      String nodeFilter,
      String serviceFilter,
      String tagFilter,
      long lamportTime) {
    this.id = id;
    this.name = name;
    this.payload = payload.clone();
    this.nodeFilter = nodeFilter;
    this.serviceFilter = serviceFilter;
    this.tagFilter = tagFilter;
    this.lamportTime = lamportTime;
  }

  /**
   * Returns what tells it from all others.
   *
   * @return a UUID
   */
  public String id() {
    return id;
  }

  /**
   * Returns the name that it was fired under.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Returns what it carries.
   *
   * @return a copy of the bytes, possibly none
   */
  public byte[] payload() {
    return payload.clone();
  }

  /**
   * Returns what it carries as text.
   *
   * @return the payload read as UTF-8
   */
  public String text() {
    return new String(payload, StandardCharsets.UTF_8);
  }

  /**
   * Returns which nodes it was meant for.
   *
   * @return a regular expression; empty for all
   */
  public String nodeFilter() {
    return nodeFilter;
  }

  /**
   * Returns which services' nodes it was meant for.
   *
   * @return a regular expression; empty for all
   */
  public String serviceFilter() {
    return serviceFilter;
  }

  /**
   * Returns which tag a service must have for its node to be meant.
   *
   * @return a regular expression; empty for any
   */
  public String tagFilter() {
    return tagFilter;
  }

  /**
   * Returns when it was fired by the cluster's logical clock.
   *
   * @return the Lamport time; events that know of each other grow in it
   */
  public long lamportTime() {
    return lamportTime;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConsulEvent that
        && id.equals(that.id)
        && name.equals(that.name)
        && Arrays.equals(payload, that.payload)
        && nodeFilter.equals(that.nodeFilter)
        && serviceFilter.equals(that.serviceFilter)
        && tagFilter.equals(that.tagFilter)
        && lamportTime == that.lamportTime;
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  /** Shows no more than the beginning of what it carries. */
  @Override
  public String toString() {
    int shown = Math.min(payload.length, 16);
    return "ConsulEvent["
        + name
        + ", id="
        + id
        + ", payload="
        + payload.length
        + " bytes "
        + BaseEncoding.base16().encode(payload, 0, shown)
        + "]";
  }
}
