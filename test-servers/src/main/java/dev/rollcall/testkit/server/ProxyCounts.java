package dev.rollcall.testkit.server;

/**
 * What a {@link FaultProxy} has seen since it was opened.
 *
 * @param attempted connections that clients opened, those that were reset at once included
 * @param active connections that are open now
 * @param bytesToTarget bytes that were delivered to the target
 * @param bytesToClients bytes that were delivered to clients
 * @since 0.1.0
 */
public record ProxyCounts(long attempted, int active, long bytesToTarget, long bytesToClients) {}
