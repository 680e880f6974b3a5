package dev.rollcall.engine;

import dev.rollcall.Freshness;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.RegistryStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A status as it was taken.
 *
 * <p>Whether the store answers is drawn from two sources. Registrations call it at least three
 * times a TTL and go on until they are answered, so their last outcome is the first word. Where
 * there is none, or it was an answer before the watches broke, the watches decide: one that is live
 * is known to work.
 */
record TakenRegistryStatus(
    Reachability store,
    Optional<Outage> outage,
    SortedMap<String, Freshness> services,
    Optional<Freshness> catalog,
    List<RegistrationStatus> registrations,
    boolean isClosed)
    implements RegistryStatus {

  /**
   * Draws the conclusion. The map and the lists are handed over.
   *
   * @param streams how fresh the services' streams are: what was kept on disk tells nothing of them
   */
  static RegistryStatus of(
      StoreContact contact,
      TreeMap<String, Freshness> services,
      List<Freshness> streams,
      Optional<Freshness> catalog,
      List<RegistrationStatus> registrations,
      boolean closed) {
    List<Freshness> watches = new ArrayList<>(streams);
    catalog.ifPresent(watches::add);
    Optional<Outage> outage =
        closed ? Optional.empty() : contact.outage().or(() -> interrupted(watches, contact));
    Reachability store =
        closed
            ? Reachability.UNKNOWN
            : outage.isPresent()
                ? Reachability.UNREACHABLE
                : contact.wasAnswered() || watches.stream().anyMatch(TakenRegistryStatus::proves)
                    ? Reachability.REACHABLE
                    : Reachability.UNKNOWN;
    return new TakenRegistryStatus(
        store,
        outage,
        Collections.unmodifiableSortedMap(services),
        catalog,
        Collections.unmodifiableList(registrations),
        closed);
  }

  /** A watch that works, and one that is refused, have been answered. */
  private static boolean proves(Freshness watch) {
    if (watch instanceof Freshness.Stale stale) {
      return stale.cause().kind() != Kind.UNAVAILABLE;
    }
    if (watch instanceof Freshness.Loading loading) {
      return loading.cause().filter(cause -> cause.kind() != Kind.UNAVAILABLE).isPresent();
    }
    return true;
  }

  /** Returns the longest interruption, where all watches are and nothing was answered since. */
  private static Optional<Outage> interrupted(Collection<Freshness> watches, StoreContact contact) {
    Optional<Outage> longest = Optional.empty();
    for (Freshness watch : watches) {
      if (proves(watch)) {
        return Optional.empty();
      }
      Optional<Outage> own = outage(watch, contact.silence());
      if (own.isPresent()
          && longest.filter(outage -> outage.age().compareTo(own.get().age()) >= 0).isEmpty()) {
        longest = own;
      }
    }
    return longest.filter(
        outage -> !contact.wasAnswered() || contact.silence().compareTo(outage.age()) >= 0);
  }

  private static Optional<Outage> outage(Freshness watch, Duration silence) {
    if (watch instanceof Freshness.Stale stale) {
      return Optional.of(new Outage(stale.age(), stale.cause()));
    }
    Optional<RegistryException> cause =
        watch instanceof Freshness.Loading loading ? loading.cause() : Optional.empty();
    return cause.map(why -> new Outage(silence, why)); // since it was heard, or opened
  }
}
