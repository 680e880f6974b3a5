package dev.rollcall.server.dependencies;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What one dependant has been told. The next patch is always the difference between that and the
 * present, so that nothing has to be queued, nothing is lost while the dependant cannot be reached,
 * and nothing grows.
 *
 * <p>A dependant keeps a list and appends what is added, so the same provider must not be added
 * twice. Where a patch may or may not have arrived, what it added is therefore removed first, which
 * changes nothing where it is not there, and then added again. Not thread-safe.
 */
final class SentState {
  private static final int MAX_AT_ONCE = 1_000;

  private final Set<Provided> told = new LinkedHashSet<>();
  // Added or removed by a patch that may have arrived or not.
  private final Set<Provided> uncertain = new LinkedHashSet<>();
  private @Nullable Patch sent;

  /**
   * Returns the next patch to send, or nothing where all is told. The last one must have ended.
   *
   * @param now the present providers
   * @param known whether the present providers of a service are known yet; what was told of a
   *     service that is not is left as it is
   */
  Optional<Patch> next(Set<Provided> now, Predicate<String> known) {
    List<Provided> added = new ArrayList<>();
    List<Provided> removed = new ArrayList<>();
    for (Provided provider : uncertain) {
      take(removed, provider);
    }
    for (Provided provider : told) {
      if (!now.contains(provider) && known.test(provider.name()) && !uncertain.contains(provider)) {
        take(removed, provider);
      }
    }
    for (Provided provider : now) {
      if (!told.contains(provider) && !uncertain.contains(provider)) {
        take(added, provider);
      }
    }
    if (added.isEmpty() && removed.isEmpty()) {
      return Optional.empty();
    }
    sent = new Patch(added, removed);
    return Optional.of(sent);
  }

  /** Returns how many providers it knows, or may know. */
  int size() {
    return told.size() + uncertain.size();
  }

  /** The dependant has taken the patch. */
  void delivered() {
    Patch taken = ended();
    told.addAll(taken.added());
    taken.removed().forEach(told::remove);
    taken.removed().forEach(uncertain::remove);
  }

  /** The dependant has not got the patch, or refused it. */
  void notDelivered() {
    var unused = ended();
  }

  /** The dependant may have got the patch or not. */
  void perhapsDelivered() {
    Patch lost = ended();
    uncertain.addAll(lost.added());
    uncertain.addAll(lost.removed());
    lost.removed().forEach(told::remove);
  }

  private Patch ended() {
    Patch last = requireNonNull(sent);
    sent = null;
    return last;
  }

  private static void take(List<Provided> into, Provided provider) {
    if (into.size() < MAX_AT_ONCE) {
      into.add(provider);
    }
  }
}
