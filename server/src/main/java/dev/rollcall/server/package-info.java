/**
 * The registry centre: the registry over HTTP, in one process, embeddable. Start here: {@link
 * dev.rollcall.server.Centre}. What it serves are {@link dev.rollcall.server.CentrePart}s. {@link
 * dev.rollcall.server.standard.StandardCentre} has all parts.
 *
 * <p>For users are the types of this package, {@code StandardCentre}, and the settings that it
 * takes: {@link dev.rollcall.server.access.AccessControl}, {@link
 * dev.rollcall.server.access.Limits}, {@link dev.rollcall.server.access.Tls}, {@link
 * dev.rollcall.server.access.Tokens}, {@link dev.rollcall.server.consul.ConsulApiSettings}, {@link
 * dev.rollcall.server.consul.Permissions}, {@link dev.rollcall.server.outbound.OutboundPolicy} and
 * {@link dev.rollcall.server.outbound.AddressRange}. All other public types are internal: they are
 * public because one package of the centre needs another, and they may change in any release. A
 * test holds the list.
 */
@NullMarked
package dev.rollcall.server;

import org.jspecify.annotations.NullMarked;
