package dev.rollcall;

/**
 * Which instances a view shows. Asked once for each instance when something has changed, never in a
 * look-up; must always give the same answer for the same instance, and be thread-safe.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Filter {

  /**
   * Tells whether an instance is shown.
   *
   * @param instance the instance
   * @return whether it is
   */
  boolean accepts(ServiceInstance instance);

  /**
   * Selects the instances that have a tag.
   *
   * @param tag the tag
   * @return the filter
   */
  static Filter tag(String tag) {
    Arguments.value("tag", tag, "");
    return instance -> instance.tags().contains(tag);
  }

  /**
   * Selects the instances whose metadata has a value under a key.
   *
   * @param key the key
   * @param value the value
   * @return the filter
   */
  static Filter metadata(String key, String value) {
    Arguments.metadataKey(key, "");
    Arguments.value("metadata " + key, value, "");
    return instance -> value.equals(instance.metadata().get(key));
  }

  /**
   * Selects the instances of a zone.
   *
   * @param zone the zone; empty for those that have none
   * @return the filter
   */
  static Filter zone(String zone) {
    Arguments.value("zone", zone, "");
    return instance -> instance.zone().equals(zone);
  }

  /**
   * Selects what both select.
   *
   * @param other the other one
   * @return the filter
   */
  default Filter and(Filter other) {
    Arguments.notNull("other", other, "");
    return instance -> accepts(instance) && other.accepts(instance);
  }

  /**
   * Selects what either selects.
   *
   * @param other the other one
   * @return the filter
   */
  default Filter or(Filter other) {
    Arguments.notNull("other", other, "");
    return instance -> accepts(instance) || other.accepts(instance);
  }

  /**
   * Selects what this one does not.
   *
   * @return the filter
   */
  default Filter negate() {
    return instance -> !accepts(instance);
  }
}
