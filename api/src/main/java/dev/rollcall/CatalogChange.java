package dev.rollcall;

import com.google.common.collect.ImmutableSortedMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What has changed in the catalog since a listener was called last. Immutable.
 *
 * @param changes the change of each service that has changed, by name
 * @since 0.1.0
 */
public record CatalogChange(Map<String, Change> changes) {
  /**
   * Copies the map.
   *
   * @param changes as the record says
   */
  public CatalogChange {
    changes = ImmutableSortedMap.copyOf(changes);
  }

  /**
   * Returns the services that had no instance and now have one, in any health.
   *
   * @return their names, in a new set
   */
  public SortedSet<String> appeared() {
    SortedSet<String> names = new TreeSet<>();
    changes.forEach(
        (name, change) -> {
          if (change.before().all().isEmpty() && !change.now().all().isEmpty()) {
            names.add(name);
          }
        });
    return names;
  }

  /**
   * Returns the services that had an instance and now have none.
   *
   * @return their names, in a new set
   */
  public SortedSet<String> vanished() {
    SortedSet<String> names = new TreeSet<>();
    changes.forEach(
        (name, change) -> {
          if (!change.before().all().isEmpty() && change.now().all().isEmpty()) {
            names.add(name);
          }
        });
    return names;
  }
}
