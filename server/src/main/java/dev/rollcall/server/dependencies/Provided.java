package dev.rollcall.server.dependencies;

/**
 * One who serves.
 *
 * @param name the service's name
 * @param url where to call it
 */
record Provided(String name, String url) {}
