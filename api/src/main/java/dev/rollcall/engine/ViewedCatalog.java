package dev.rollcall.engine;

import com.google.common.collect.ImmutableSortedMap;
import dev.rollcall.CatalogSnapshot;
import dev.rollcall.Freshness;
import dev.rollcall.Snapshot;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** A state of the catalog. Its snapshots are {@link ViewSnapshot}s. */
record ViewedCatalog(ImmutableSortedMap<String, Snapshot> services, Freshness freshness)
    implements CatalogSnapshot {

  /** Tells whether a state is to be published after another one. */
  static boolean isNews(@Nullable ViewedCatalog given, ViewedCatalog latest) {
    return !(latest.freshness instanceof Freshness.Loading)
        && (given == null
            || ServiceSubscriber.isNews(given.freshness, latest.freshness)
            || !latest.hasSameServices(given));
  }

  private boolean hasSameServices(ViewedCatalog other) {
    if (!services.keySet().equals(other.services.keySet())) {
      return false;
    }
    Iterator<Snapshot> others = other.services.values().iterator();
    for (Snapshot mine : services.values()) {
      ViewSnapshot now = (ViewSnapshot) mine;
      ViewSnapshot before = (ViewSnapshot) others.next();
      if (now != before
          && (ServiceSubscriber.isNews(before.freshness(), now.freshness())
              || !now.hasSameInstances(before))) {
        return false;
      }
    }
    return true;
  }

  /** Returns the services' names and freshness alone. */
  @Override
  public String toString() {
    return services.keySet() + ", " + freshness;
  }
}
