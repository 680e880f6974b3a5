/**
 * The registry centre with everything that it has. Start with {@link
 * dev.rollcall.server.standard.StandardCentre}.
 */
@NullMarked
package dev.rollcall.server.standard;

import org.jspecify.annotations.NullMarked;
