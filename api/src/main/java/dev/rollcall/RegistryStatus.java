package dev.rollcall;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What a registry knows of its store and of itself at one moment. Immutable; the ages of what is
 * not live go on. It costs no call of the store, so a health endpoint may ask for it at any rate.
 *
 * @since 0.1.0
 */
public interface RegistryStatus {

  /**
   * Returns whether the store answers, as far as registrations and watches have found out by
   * themselves.
   *
   * @return the reachability
   */
  Reachability store();

  /**
   * Returns since when the store does not answer, and why.
   *
   * @return empty unless the store is {@link Reachability#UNREACHABLE}
   */
  Optional<Outage> outage();

  /**
   * Returns the services that are watched, each with how far its view can be trusted.
   *
   * @return an immutable map by the service's name
   */
  SortedMap<String, Freshness> services();

  /**
   * Returns how far the catalog can be trusted.
   *
   * @return empty where {@link Registry#catalog()} was not called
   */
  Optional<Freshness> catalog();

  /**
   * Returns the registrations that are kept or being undone, in the order in which they were begun.
   *
   * @return an immutable list
   */
  List<RegistrationStatus> registrations();

  /**
   * Tells whether the registry is closed, or being closed.
   *
   * @return whether {@link Registry#close()} was called
   */
  boolean isClosed();

  /** Whether a store answers. */
  enum Reachability {
    /** Nothing was asked yet, or not answered yet, or the registry is closed. */
    UNKNOWN,
    /** The last call was answered, or a watch is known to work. A refusal is an answer. */
    REACHABLE,
    /** The last calls have failed, or all watches are interrupted. */
    UNREACHABLE
  }

  /**
   * A time in which the store does not answer.
   *
   * @param age for how long, by the monotonic clock; zero or more
   * @param cause the latest failure
   */
  record Outage(Duration age, RegistryException cause) {}
}
