/**
 * Rollcall in SmallRye Stork: the type {@code rollcall} of a service discovery, of a registrar and
 * of a load balancer. Start at {@link dev.rollcall.stork.RollcallStork}.
 */
@NullMarked
package dev.rollcall.stork;

import org.jspecify.annotations.NullMarked;
