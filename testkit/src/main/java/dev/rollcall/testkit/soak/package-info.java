/**
 * A soak: random operations and faults against a store, and what was seen of them held against what
 * the store itself says. Start here: {@link dev.rollcall.testkit.soak.Soak}.
 *
 * <p>Nothing in this package needs JUnit or another library of tests: the command line runs it too.
 */
@NullMarked
package dev.rollcall.testkit.soak;

import org.jspecify.annotations.NullMarked;
