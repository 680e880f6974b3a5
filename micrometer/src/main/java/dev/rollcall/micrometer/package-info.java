/**
 * Metrics of registries for Micrometer. Start here: {@link
 * dev.rollcall.micrometer.MicrometerObserver}.
 */
@NullMarked
package dev.rollcall.micrometer;

import org.jspecify.annotations.NullMarked;
