package dev.rollcall;

/**
 * The rule for the name of a service, which is the same for all stores: what one of them could not
 * find again, none takes. All methods of Rollcall that take a name ask here; so may code in front
 * of it that wants to refuse a name before it starts.
 *
 * <p>A name is 1 to 253 bytes of UTF-8. It may hold letters, marks, numbers, punctuation and
 * symbols of any script (Unicode's categories L, M, N, P and S) and the space U+0020. It holds no
 * slash, and is neither {@code .} nor {@code ..}, which the paths of HTTP would change. Refused are
 * control and format characters, all other separators, surrogates that stand alone, and characters
 * that are private, or that this JVM's version of Unicode does not know.
 *
 * <p>Stateless.
 *
 * @since 0.1.0
 */
public final class ServiceName {
  private ServiceName() {}

  /**
   * Checks a name.
   *
   * @param name the name of a service; null is refused
   * @return the same name
   * @throws RegistryException of kind {@code INVALID} where it breaks the rule; the message shows
   *     the name, shortened where it is long, and what was expected
   */
  public static String check(String name) {
    return Arguments.name("service", name, "");
  }
}
