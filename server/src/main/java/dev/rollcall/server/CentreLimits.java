package dev.rollcall.server;

import dev.rollcall.RegistryException;
import java.time.Duration;

/**
 * What a stranger may send and hold. Everything beyond is refused or cut off.
 *
 * @param bodyBytes the longest body of a request; a longer one is answered with 413
 * @param headerBytes the longest headers of a request, all together
 * @param urlBytes the longest request line
 * @param connections how many connections at a time; further ones are closed at once
 * @param connectionsByClient how many connections of one address at a time; further ones are closed
 *     at once
 * @param requestTimeout how long a request may take to arrive and be answered, unless it is a query
 *     that waits; one whose headers have not arrived by then is cut off, one whose body has not is
 *     answered with 408
 * @param idleTimeout how long a connection may lie idle
 * @since 0.1.0
 */
public record CentreLimits(
    int bodyBytes,
    int headerBytes,
    int urlBytes,
    int connections,
    int connectionsByClient,
    Duration requestTimeout,
    Duration idleTimeout) {

  /**
   * Checks the ranges.
   *
   * @param bodyBytes as the record says
   * @param headerBytes as the record says
   * @param urlBytes as the record says
   * @param connections as the record says
   * @param connectionsByClient as the record says
   * @param requestTimeout as the record says
   * @param idleTimeout as the record says
   */
  public CentreLimits {
    between("bodyBytes", bodyBytes, 1_024, 64 << 20);
    between("headerBytes", headerBytes, 1_024, 1 << 20);
    between("urlBytes", urlBytes, 256, 1 << 20);
    between("connections", connections, 1, 1_000_000);
    between("connectionsByClient", connectionsByClient, 1, 1_000_000);
    between("requestTimeout", requestTimeout);
    between("idleTimeout", idleTimeout);
  }

  /**
   * Returns the limits that hold where nothing was said: bodies of 1 MiB, headers of 16 KiB, URLs
   * of 8 KiB, 20,000 connections and 10,000 of one client, 10 s for a request, 60 s of idleness.
   *
   * @return the standard limits
   */
  public static CentreLimits standard() {
    return new CentreLimits(
        1 << 20, 16 << 10, 8 << 10, 20_000, 10_000, Duration.ofSeconds(10), Duration.ofSeconds(60));
  }

  private static void between(String field, int value, int least, int most) {
    if (value < least || value > most) {
      throw RegistryException.invalid(
          field + ": " + value + " (expected: " + least + "-" + most + ")");
    }
  }

  private static void between(String field, Duration value) {
    if (value.compareTo(Duration.ofMillis(100)) < 0 || value.compareTo(Duration.ofHours(1)) > 0) {
      throw RegistryException.invalid(field + ": " + value + " (expected: 100 ms to 1 h)");
    }
  }
}
