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
 * @param keptBytesByClient how much memory one client may fill with what stays: services, nodes,
 *     checks with what they say, keys, sessions; all clients together twice as much
 * @param underWayBytesByClient how much memory one client may hold with requests: their bodies,
 *     those that wait, streams, answers that are being sent; all clients together twice as much
 * @since 0.1.0
 */
public record CentreLimits(
    int bodyBytes,
    int headerBytes,
    int urlBytes,
    int connections,
    int connectionsByClient,
    Duration requestTimeout,
    Duration idleTimeout,
    long keptBytesByClient,
    long underWayBytesByClient) {
  private static final int MOST_CONNECTIONS = 20_000;

  /** About what a connection takes of the heap, with some room for what it sends. */
  private static final long CONNECTION_BYTES = 64 << 10;

  private static final long LEAST_BYTES = 1 << 20;

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
   * @param keptBytesByClient as the record says
   * @param underWayBytesByClient as the record says
   */
  public CentreLimits {
    between("bodyBytes", bodyBytes, 1_024, 64 << 20);
    between("headerBytes", headerBytes, 1_024, 1 << 20);
    between("urlBytes", urlBytes, 256, 1 << 20);
    between("connections", connections, 1, 1_000_000);
    between("connectionsByClient", connectionsByClient, 1, 1_000_000);
    between("requestTimeout", requestTimeout);
    between("idleTimeout", idleTimeout);
    between("keptBytesByClient", keptBytesByClient);
    between("underWayBytesByClient", underWayBytesByClient);
  }

  /**
   * Returns limits with the usual budgets of memory: an eighth of the heap each.
   *
   * @param bodyBytes as the record says
   * @param headerBytes as the record says
   * @param urlBytes as the record says
   * @param connections as the record says
   * @param connectionsByClient as the record says
   * @param requestTimeout as the record says
   * @param idleTimeout as the record says
   */
  public CentreLimits(
      int bodyBytes,
      int headerBytes,
      int urlBytes,
      int connections,
      int connectionsByClient,
      Duration requestTimeout,
      Duration idleTimeout) {
    this(
        bodyBytes,
        headerBytes,
        urlBytes,
        connections,
        connectionsByClient,
        requestTimeout,
        idleTimeout,
        usualBytes(),
        usualBytes());
  }

  private static long usualBytes() {
    return Math.max(LEAST_BYTES, Runtime.getRuntime().maxMemory() / 8);
  }

  /**
   * Returns the limits that hold where nothing was said: bodies of 1 MiB, headers of 16 KiB, URLs
   * of 8 KiB, 20,000 connections and half of them of one client (fewer with a heap below 1.25 GB,
   * one for 64 KiB), 10 s for a request, 60 s of idleness, an eighth of the heap for what one
   * client registers and an eighth for its requests.
   *
   * @return the standard limits
   */
  public static CentreLimits standard() {
    int connections =
        (int)
            Math.max(
                2, Math.min(MOST_CONNECTIONS, Runtime.getRuntime().maxMemory() / CONNECTION_BYTES));
    return new CentreLimits(
        1 << 20,
        16 << 10,
        8 << 10,
        connections,
        connections / 2,
        Duration.ofSeconds(10),
        Duration.ofSeconds(60));
  }

  /**
   * Returns these limits with other budgets of memory.
   *
   * @param kept how much memory one client may fill with what stays, in bytes
   * @param underWay how much memory one client may hold with requests, in bytes
   * @return new limits
   */
  public CentreLimits withMemory(long kept, long underWay) {
    return new CentreLimits(
        bodyBytes,
        headerBytes,
        urlBytes,
        connections,
        connectionsByClient,
        requestTimeout,
        idleTimeout,
        kept,
        underWay);
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

  private static void between(String field, long value) {
    if (value < LEAST_BYTES || value > Long.MAX_VALUE / 4) {
      throw RegistryException.invalid(
          field + ": " + value + " (expected: " + LEAST_BYTES + " bytes or more)");
    }
  }
}
