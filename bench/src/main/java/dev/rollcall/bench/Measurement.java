package dev.rollcall.bench;

import java.util.List;

/**
 * What one case gave.
 *
 * @param of the case
 * @param score the lower quartile of all iterations, in the unit: what disturbs a measurement on a
 *     shared machine only ever adds to it. With samples, the median.
 * @param low the least of the iterations; with samples, the median
 * @param high the greatest of them; with samples, the last percentile
 * @param unit of the score
 * @param bytesPerOp allocated a call; not a number where it was not measured
 * @param percentiles p50, p90, p99, p99.9 and p99.99 in the unit; empty without samples
 */
record Measurement(
    Case of,
    double score,
    double low,
    double high,
    String unit,
    double bytesPerOp,
    List<Double> percentiles) {
  static final List<String> PERCENTILES = List.of("p50", "p90", "p99", "p99.9", "p99.99");
}
