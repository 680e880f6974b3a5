/**
 * How the centre calls out to what strangers name: heartbeats, updates and checks. Start with
 * {@link dev.rollcall.server.outbound.OutboundCalls}; what may be called says {@link
 * dev.rollcall.server.outbound.OutboundPolicy}.
 *
 * <p>For users are {@link dev.rollcall.server.outbound.OutboundPolicy} and {@link
 * dev.rollcall.server.outbound.AddressRange}. The rest is internal and may change in any release.
 */
@NullMarked
package dev.rollcall.server.outbound;

import org.jspecify.annotations.NullMarked;
