package dev.rollcall.engine;

import dev.rollcall.Absence;
import dev.rollcall.Absence.Reason;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
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
  private final int filteredOut;

  /** Creates a snapshot without ejected instances. */
  ViewSnapshot(
      String service,
      InstanceList all,
      InstanceList passing,
      long version,
      long revision,
      Freshness freshness) {
    this(service, all, passing, passing, version, revision, freshness, 0);
  }

  /**
   * Creates a snapshot.
   *
   * @param eligible of the passing ones, those that are not ejected
   * @param filteredOut how many of the service's instances a filter has left out
   */
  ViewSnapshot(
      String service,
      InstanceList all,
      InstanceList passing,
      InstanceList eligible,
      long version,
      long revision,
      Freshness freshness,
      int filteredOut) {
    this.service = service;
    this.all = all;
    this.version = version;
    this.revision = revision;
    this.freshness = freshness;
    this.filteredOut = filteredOut;
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

  /** Tells whether the instances, in any health, are those of another state. */
  boolean hasSameInstances(ViewSnapshot other) {
    return all.isSame(other.all) || all.equals(other.all);
  }

  /** Returns the passing instances that are not ejected: the ones to pick from. */
  InstanceList eligible() {
    return eligible;
  }

  @Override
  public Optional<Absence> explain() {
    return eligible.isEmpty() ? Optional.of(absence()) : Optional.empty();
  }

  private Absence absence() {
    if (!passing.isEmpty()) {
      return absence(
          Reason.EJECTED,
          "no instance of " + service + " to pick: all " + passing.size() + " passing are ejected");
    }
    int known = all.size();
    if (known == 0 && filteredOut > 0) {
      return absence(
          Reason.FILTERED,
          "no passing instance of " + service + ": the filter selects none of " + filteredOut);
    }
    int warning = 0;
    for (ServiceInstance instance : all) {
      if (instance.health() == Health.WARNING) {
        warning++;
      }
    }
    return absence(
        version == 0 ? Reason.NOT_LOADED : known == 0 ? Reason.NOT_REGISTERED : Reason.NONE_PASSING,
        "no passing instance of "
            + service
            + ": "
            + known
            + " known, "
            + (known - warning)
            + " critical, "
            + warning
            + " warning");
  }

  /** Says why there is no other instance than those that were tried. */
  Absence noOther(int tried) {
    return passing.isEmpty()
        ? absence()
        : absence(
            Reason.TRIED,
            "no other passing instance of "
                + service
                + ": "
                + all.size()
                + " known, "
                + passing.size()
                + " passing, "
                + tried
                + " tried");
  }

  private Absence absence(Reason reason, String text) {
    String trust =
        freshness instanceof Freshness.Live
            ? "live"
            : freshness instanceof Freshness.Loading loading
                ? loading.cause().map(c -> "not loaded yet: " + c.getMessage()).orElse("loading")
                : freshness.toString();
    return new Absence(reason, text + " (" + trust + ")");
  }

  @Override
  public String toString() {
    return service + " v" + version + " " + all + " " + freshness;
  }
}
