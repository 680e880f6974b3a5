package dev.rollcall;

/**
 * Hears of changes of every service. Called as a {@link ServiceListener} is.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface CatalogListener {

  /**
   * Services have changed. The first call brings all services that there are, which may be none.
   *
   * @param change what has changed since the last call
   */
  void changed(CatalogChange change);

  /**
   * The trust in the catalog has changed.
   *
   * @param now the present freshness
   */
  default void freshnessChanged(Freshness now) {}
}
