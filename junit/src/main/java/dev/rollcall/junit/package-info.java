/**
 * For the tests of programs that use Rollcall. Start here: {@link
 * dev.rollcall.junit.RollcallExtension} in JUnit Jupiter, {@link dev.rollcall.junit.FakeStore} with
 * anything else.
 *
 * <p>From the outside in: {@code FakeStore} is a store in memory with what stands on it, {@code
 * FakeService} and {@code FakeKeyValues} are the hands of a test inside; {@code Line} is the way
 * there, which a test breaks and mends; {@code LineBackend} and {@code LineKeyValueBackend} are the
 * ends of it that the engine holds.
 */
@NullMarked
package dev.rollcall.junit;

import org.jspecify.annotations.NullMarked;
