package dev.rollcall.consul;

/**
 * A check and where it belongs. Immutable.
 *
 * @param node the name of the node that it runs on
 * @param service the name of the service that it is of; empty for one of the node itself
 * @param check its state
 * @since 0.1.0
 */
public record ConsulCheck(String node, String service, ConsulServiceEntry.Check check) {}
