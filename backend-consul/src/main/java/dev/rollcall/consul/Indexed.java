package dev.rollcall.consul;

/**
 * An answer of Consul to a read.
 *
 * @param value what was read
 * @param index what a blocking query goes on from: 64 bits without a sign, not 0
 */
record Indexed<T>(T value, long index) {}
