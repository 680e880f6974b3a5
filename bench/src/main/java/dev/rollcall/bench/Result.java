package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.util.List;
import java.util.Map;

/**
 * All that one run gave.
 *
 * @param machine where
 * @param when its date and time
 * @param mode quick or full, and how many rounds
 * @param measurements by their case's id
 * @param outcomes every row of the goal table
 * @param failures what went wrong, a case a line
 */
record Result(
    Machine machine,
    String when,
    String mode,
    Map<String, Measurement> measurements,
    List<Outcome> outcomes,
    List<String> failures) {}
