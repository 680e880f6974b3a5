package dev.rollcall;

/**
 * The rule for the id of an instance within its service: that of a {@link ServiceName}. Stateless.
 *
 * @since 0.1.0
 */
public final class InstanceId {
  private InstanceId() {}

  /**
   * Checks an id.
   *
   * @param id the id of an instance; null is refused
   * @return the same id
   * @throws RegistryException of kind {@code INVALID} where it breaks the rule; the message shows
   *     the id, shortened where it is long, and what was expected
   */
  public static String check(String id) {
    return Arguments.name("id", id, "");
  }
}
