/**
 * The contract as tests. Start here: {@link dev.rollcall.testkit.RegistryContract}, which a
 * backend's own test extends in a few lines. The other public types are what it is built from, of
 * use to tests of anything that stands on Rollcall.
 */
@NullMarked
package dev.rollcall.testkit;

import org.jspecify.annotations.NullMarked;
