/**
 * Rollcall's benchmarks: each beside the limit that the machine sets, in one run. Start at {@link
 * dev.rollcall.bench.Bench}; what is measured stands in {@link dev.rollcall.bench.Plan}, what is to
 * be reached in {@link dev.rollcall.bench.Goals}.
 */
@NullMarked
package dev.rollcall.bench;

import org.jspecify.annotations.NullMarked;
