/**
 * The registry on Consul. Start here: {@link dev.rollcall.consul.ConsulBackendProvider}, which says
 * what a {@code consul://} URI may hold; {@link dev.rollcall.consul.ConsulBackend} is what it
 * opens.
 *
 * <p>From the outside in: {@code ConsulBackend} is the four verbs; {@code AgentRegistrations}
 * writes through the agent and {@code Holding} is one instance that it holds; {@code Watches} gives
 * each watched service to a {@code ServiceFeed} (a blocking query of its own) or to the one {@code
 * CatalogueFeed}; a {@code BlockingLoop} is such a query, and {@link
 * dev.rollcall.consul.ConsulWatches} offers it for Consul's own kinds of watch; {@code
 * InstanceCodec} translates; {@code ConsulGateway} alone knows the client.
 */
@NullMarked
package dev.rollcall.consul;

import org.jspecify.annotations.NullMarked;
