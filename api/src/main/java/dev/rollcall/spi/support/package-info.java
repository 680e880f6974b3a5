/**
 * What backends are built from: a timer, a health checker, the search for a backend by its URI,
 * what a URI says of TLS and secrets, and the words for a class path that does not fit. For
 * implementers of backends; it may change in a minor version.
 */
@NullMarked
package dev.rollcall.spi.support;

import org.jspecify.annotations.NullMarked;
