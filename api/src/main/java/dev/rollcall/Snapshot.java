package dev.rollcall;

import java.util.List;
import java.util.Optional;

/**
 * The instances of one service at one moment. Immutable; the passing ones were picked out when it
 * was published, not when they are asked for.
 *
 * @since 0.1.0
 */
public final class Snapshot {
  private final String service;
  private final InstanceList all;
  private final ShownInstances passing;
  private final InstanceList eligible;
  private final long version;
  private final long revision;
  private final Freshness freshness;

  /** Creates one of which nobody is ejected. */
  Snapshot(
      String service,
      InstanceList all,
      InstanceList passing,
      long version,
      long revision,
      Freshness freshness) {
    this(service, all, passing, passing, version, revision, freshness);
  }

  Snapshot(
      String service,
      InstanceList all,
      InstanceList passing,
      InstanceList eligible,
      long version,
      long revision,
      Freshness freshness) {
    this.service = service;
    this.all = all;
    this.version = version;
    this.revision = revision;
    this.freshness = freshness;
    this.passing = new ShownInstances(passing, eligible, this);
    // A list that leads to an older snapshot must not be kept: each would keep the one before it.
    this.eligible = eligible.isSame(passing) ? this.passing : eligible;
  }

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  public String service() {
    return service;
  }

  /**
   * Returns the passing instances, by id.
   *
   * @return an immutable list; the same one at every call
   */
  public List<ServiceInstance> instances() {
    return passing;
  }

  /**
   * Returns the instances in any health, by id.
   *
   * @return an immutable list; the same one at every call
   */
  public List<ServiceInstance> all() {
    return all;
  }

  /**
   * Finds an instance in any health.
   *
   * @param id its id
   * @return the instance, empty where it is not known
   */
  public Optional<ServiceInstance> find(String id) {
    int at = all.indexOfId(id);
    return at < 0 ? Optional.empty() : Optional.of(all.get(at));
  }

  /**
   * Returns a number that grows with each snapshot of one view. Numbers of different views, and of
   * a view after it was dropped and made anew, cannot be compared.
   *
   * @return 0 before the first state was read
   */
  public long version() {
    return version;
  }

  /**
   * Returns the store's own index, for diagnosis only: it may fall when the store loses its data.
   *
   * @return the index, 0 where the store has none
   */
  public long revision() {
    return revision;
  }

  /**
   * Returns how far this can be trusted.
   *
   * @return the freshness when this was published
   */
  public Freshness freshness() {
    return freshness;
  }

  InstanceList allArray() {
    return all;
  }

  ShownInstances passingArray() {
    return passing;
  }

  /** Returns the passing ones that are not ejected: whom to pick from. */
  InstanceList eligible() {
    return eligible;
  }

  @Override
  public String toString() {
    return service + " v" + version + " " + all + " " + freshness;
  }
}
