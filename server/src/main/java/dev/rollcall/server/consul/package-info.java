/**
 * Consul's HTTP API over Rollcall. Start here: {@link dev.rollcall.server.consul.ConsulApi}. A
 * request goes from its route class to the {@code LocalAgent} (what was registered here) or the
 * {@code CatalogIndex} (what is known, with its indexes), and back as JSON; {@code StoreLink} keeps
 * both in step with the store.
 *
 * <p>For users are {@link dev.rollcall.server.consul.ConsulApiSettings} and {@link
 * dev.rollcall.server.consul.Permissions}. The rest is internal and may change in any release.
 */
@NullMarked
package dev.rollcall.server.consul;

import org.jspecify.annotations.NullMarked;
