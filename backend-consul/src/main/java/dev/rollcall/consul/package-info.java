/**
 * The registry on Consul. Start here: {@link dev.rollcall.consul.ConsulBackendProvider} says what a
 * {@code consul://} URI may hold; {@link dev.rollcall.consul.ConsulBackend}, which it opens, is the
 * four verbs; {@link dev.rollcall.consul.ConsulWatches} is for features of Consul alone.
 *
 * <p>A map, from the outside in; arrows point down only:
 *
 * <ul>
 *   <li><b>Configuration:</b> {@code ConsulBackendSettings} is a checked URI.
 *   <li><b>Writing:</b> {@code AgentRegistrations} registers, renews and deregisters through the
 *       agent, one verb after the other for a key ({@code KeyedSequencer}); {@code Holding} is one
 *       instance that this client holds, {@code ConsulLease} what the engine sees of it, {@code
 *       RegistrationBody} what is sent; {@code VisibilityWait} waits until the catalog shows it.
 *   <li><b>Watching:</b> {@code Watches} assigns each watch to a feed: a {@code ServiceFeed}, by a
 *       {@code BlockingLoop} of its own, or the one {@code CatalogFeed}, with its {@code
 *       CatalogState}, {@code ServiceState}s, {@code CheckDigest}, {@code Requests} and {@code
 *       FullRefreshSchedule}. {@code SinkMailbox} calls the sinks; {@code SharedBackoff} and {@code
 *       WakeRateLimiter} limit how often is asked.
 *   <li><b>Keys and values:</b> {@code ConsulKeyValueBackend} writes, {@code KeyFeed} watches, for
 *       each {@code KeyReader}. {@code KeyFeed} and {@code ServiceFeed} are each a {@code
 *       SharedQuery}.
 *   <li><b>Consul's own watches:</b> {@code ConsulWatches}, on the same loops; {@code Delivery}
 *       calls the listeners, {@code EventCursor} finds the events that are new.
 *   <li><b>Translating:</b> {@code ConsulJson} reads JSON into {@link
 *       dev.rollcall.consul.ConsulServiceEntry} and the like; {@code InstanceCodec} and {@code
 *       Names} make instances and keys of those.
 *   <li><b>The line:</b> {@code ConsulGateway} is Consul's HTTP API as far as it is called here: it
 *       takes a {@code ReadOptions} and gives a {@code Pending} of an {@code Indexed} answer.
 *       {@code ConsulUrls} builds the URLs. {@code AgentHttp} sends the requests by OkHttp, each in
 *       a {@code BoundedExecutor}, sends what must not run twice as a {@code OnceBody}, reads
 *       through a {@code BoundedInput}, waits as {@code RetryAfter} asks, and makes every failure
 *       with {@code ConsulErrors}. {@code AgentContact} notices when the agent is silent, and when
 *       it answers again. {@code AgentClient} alone knows the Consul client.
 * </ul>
 */
@NullMarked
package dev.rollcall.consul;

import org.jspecify.annotations.NullMarked;
