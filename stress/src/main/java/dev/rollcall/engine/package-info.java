/**
 * Stress tests of what rests on the Java memory model. They stand in the engine's own package,
 * since they reach for its parts.
 */
package dev.rollcall.engine;
