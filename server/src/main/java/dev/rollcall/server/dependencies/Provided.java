package dev.rollcall.server.dependencies;

/**
 * A provider of a service.
 *
 * @param name the service's name
 * @param url where to call it
 */
record Provided(String name, String url) {}
