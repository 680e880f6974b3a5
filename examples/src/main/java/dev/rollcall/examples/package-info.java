/**
 * Small programs that a newcomer reads first. Start at {@link dev.rollcall.examples.WebService}.
 */
@NullMarked
package dev.rollcall.examples;

import org.jspecify.annotations.NullMarked;
