package dev.rollcall.server.access;

import dev.rollcall.RegistryException;

/**
 * What one client may take of the centre. A client is the principal of a token or certificate;
 * without one, it is the address that the request comes from.
 *
 * @param requestsPerSecond how many requests, 1 to 1,000,000
 * @param watchers how many requests that wait for a change, or stream changes, at a time, 1 to
 *     1,000,000
 * @param registrations how many services by {@code /services}, and as many services and nodes by
 *     Consul's API, 1 to 10,000,000
 * @since 0.1.0
 */
public record Limits(int requestsPerSecond, int watchers, int registrations) {

  /**
   * Checks the ranges.
   *
   * @param requestsPerSecond as the record says
   * @param watchers as the record says
   * @param registrations as the record says
   */
  public Limits {
    between("requestsPerSecond", requestsPerSecond, 1_000_000);
    between("watchers", watchers, 1_000_000);
    between("registrations", registrations, 10_000_000);
  }

  /**
   * Returns the limits that hold where nothing was said: 20,000 requests a second, 10,000 watchers,
   * 100,000 registrations.
   *
   * @return the standard limits
   */
  public static Limits standard() {
    return new Limits(20_000, 10_000, 100_000);
  }

  private static void between(String field, int value, int most) {
    if (value < 1 || value > most) {
      throw RegistryException.invalid(field + ": " + value + " (expected: 1-" + most + ")");
    }
  }
}
