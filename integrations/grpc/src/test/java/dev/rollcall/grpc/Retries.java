package dev.rollcall.grpc;

import java.util.List;
import java.util.Map;

/** A channel's own service config. */
final class Retries {
  static final Map<String, ?> OF_GREETER =
      Map.of(
          "loadBalancingConfig", List.of(Map.of("rollcall", Map.of())),
          "methodConfig",
              List.of(
                  Map.of(
                      "name", List.of(Map.of("service", "test.Greeter")),
                      "retryPolicy",
                          Map.of(
                              "maxAttempts",
                              5.0,
                              "initialBackoff",
                              "0.1s",
                              "maxBackoff",
                              "1s",
                              "backoffMultiplier",
                              2.0,
                              "retryableStatusCodes",
                              List.of("UNAVAILABLE")))));

  private Retries() {}
}
