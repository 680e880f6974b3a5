/**
 * What an application sees of Rollcall. Start here: {@link dev.rollcall.Registry#open(String)}.
 *
 * <p>Everything below {@link dev.rollcall.Registry} that is not public is the engine: the instance
 * cache, the delivery of changes, the upkeep of registrations. It is written once, for all
 * backends; a backend implements {@link dev.rollcall.spi.RegistryBackend} and nothing else.
 */
@NullMarked
package dev.rollcall;

import org.jspecify.annotations.NullMarked;
