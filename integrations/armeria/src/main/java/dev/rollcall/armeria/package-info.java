/**
 * Rollcall in Armeria. Start at {@link dev.rollcall.armeria.RollcallEndpointGroup}, which a client
 * is made of, and {@link dev.rollcall.armeria.RollcallUpdatingListener}, which a server is given.
 */
@NullMarked
package dev.rollcall.armeria;

import org.jspecify.annotations.NullMarked;
