/**
 * What a fleet pays: many clients of one store, and the registry centre under load. Each scenario
 * is a program that runs in a JVM of its own, starts the servers it needs, and prints figures.
 *
 * <p>Start at {@link dev.rollcall.bench.fleet.Scenario}.
 */
@NullMarked
package dev.rollcall.bench.fleet;

import org.jspecify.annotations.NullMarked;
