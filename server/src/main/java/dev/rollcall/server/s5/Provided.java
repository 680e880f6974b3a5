package dev.rollcall.server.s5;

/**
 * One who serves.
 *
 * @param name the service's name
 * @param url where to call it
 */
record Provided(String name, String url) {}
