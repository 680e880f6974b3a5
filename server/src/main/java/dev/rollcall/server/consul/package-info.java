/**
 * Consul's HTTP API over Rollcall. Start here: {@link dev.rollcall.server.consul.ConsulApi}. A
 * request goes from its route class to the {@code LocalAgent} (what was registered here) or the
 * {@code CatalogIndex} (what is known, with its indexes), and back as JSON; {@code StoreLink} keeps
 * both in step with the store.
 */
@NullMarked
package dev.rollcall.server.consul;

import org.jspecify.annotations.NullMarked;
