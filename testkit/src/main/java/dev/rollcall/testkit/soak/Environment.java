package dev.rollcall.testkit.soak;

import dev.rollcall.Registry;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Where a soak runs.
 *
 * @param shown the store without secrets
 * @param lines opens a line for a new client
 * @param beside opens a line on which no faults lie
 * @param truth reads the store past its clients
 * @param faults what can happen to the store itself
 * @param atomic whether it replaces an instance in one step
 * @param registries what a client's registry is used through; it itself but in tests of the soak
 */
record Environment(
    String shown,
    Supplier<Line> lines,
    Supplier<Line> beside,
    Truth truth,
    List<SoakFault> faults,
    boolean atomic,
    UnaryOperator<Registry> registries) {}
