package dev.rollcall.engine;

import dev.rollcall.Freshness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import java.util.Optional;

/** A published state of a service. Immutable. */
final class ViewSnapshot implements Snapshot {
  private final String service;
  private final InstanceList all;
  private final ShownInstances passing;
  private final InstanceList eligible;
  private final long version;
  private final long revision;
  private final Freshness freshness;

  /** Creates a snapshot without ejected instances. */
  ViewSnapshot(
      String service,
      InstanceList all,
      InstanceList passing,
      long version,
      long revision,
      Freshness freshness) {
    this(service, all, passing, passing, version, revision, freshness);
  }

  ViewSnapshot(
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

  @Override
  public String service() {
    return service;
  }

  @Override
  public ShownInstances instances() {
    return passing;
  }

  @Override
  public InstanceList all() {
    return all;
  }

  @Override
  public Optional<ServiceInstance> find(String id) {
    int at = all.indexOfId(id);
    return at < 0 ? Optional.empty() : Optional.of(all.get(at));
  }

  @Override
  public long version() {
    return version;
  }

  @Override
  public long revision() {
    return revision;
  }

  @Override
  public Freshness freshness() {
    return freshness;
  }

  /** Returns the passing instances that are not ejected: the ones to pick from. */
  InstanceList eligible() {
    return eligible;
  }

  @Override
  public String toString() {
    return service + " v" + version + " " + all + " " + freshness;
  }
}
