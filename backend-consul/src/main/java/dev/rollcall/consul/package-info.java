/**
 * The registry on Consul. Start here: {@link dev.rollcall.consul.ConsulBackendProvider} says what a
 * {@code consul://} URI may hold; {@link dev.rollcall.consul.ConsulBackend}, which it opens, is the
 * four verbs; {@link dev.rollcall.consul.ConsulWatches} is what Consul has and other stores do not.
 *
 * <p>A map, from the outside in; arrows point down only:
 *
 * <ul>
 *   <li><b>Configuration:</b> {@code ConsulBackendSettings} is a checked URI, {@code PemFiles} its
 *       TLS.
 *   <li><b>Writing:</b> {@code AgentRegistrations} registers, renews and deregisters through the
 *       agent, one verb after the other for a key ({@code KeyedSequencer}); {@code Holding} is one
 *       instance that this client holds, {@code ConsulLease} what the engine sees of it, {@code
 *       RegistrationBody} what is sent; {@code VisibilityWait} waits until the catalog shows it.
 *   <li><b>Watching:</b> {@code Watches} gives each watch what serves it: a {@code ServiceFeed}, by
 *       a {@code BlockingLoop} of its own, or the one {@code CatalogFeed}, with its {@code
 *       CatalogState}, {@code ServiceState}s, {@code CheckDigest}, {@code Requests} and {@code
 *       FullRefreshSchedule}. {@code SinkMailbox} and {@code Delivery} tell; {@code SharedBackoff}
 *       and {@code WakeRateLimiter} say how often may be asked.
 *   <li><b>Keys and values:</b> {@code ConsulKeyValueBackend} writes, {@code KeyFeed} watches,
 *       {@code KeyDelivery} tells.
 *   <li><b>Consul's own watches:</b> {@code ConsulWatches}, on the same loops; {@code EventCursor}
 *       tells which events are new.
 *   <li><b>Translating:</b> {@code ConsulJson} reads JSON into {@link
 *       dev.rollcall.consul.ConsulServiceEntry} and the like; {@code InstanceCodec} and {@code
 *       Names} make instances and keys of those.
 *   <li><b>The line:</b> {@code ConsulGateway} alone knows the client. It takes a {@code
 *       ReadOptions}, works in a {@code BoundedExecutor}, gives a {@code Pending} of an {@code
 *       Indexed} answer, reads through a {@code BoundedInput}, waits as {@code RetryAfter} asks,
 *       and says every failure as {@code ConsulErrors} word it.
 * </ul>
 */
@NullMarked
package dev.rollcall.consul;

import org.jspecify.annotations.NullMarked;
