/**
 * What a backend implements. Start here: {@link dev.rollcall.spi.RegistryBackend}, four verbs, and
 * {@link dev.rollcall.spi.BackendProvider}, which maps a URI scheme to it. The testkit's contract
 * classes tell whether an implementation is right.
 */
@NullMarked
package dev.rollcall.spi;

import org.jspecify.annotations.NullMarked;
