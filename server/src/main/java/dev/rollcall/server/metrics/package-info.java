/** What the centre measures of itself. Start with {@link dev.rollcall.server.metrics.Metrics}. */
@NullMarked
package dev.rollcall.server.metrics;

import org.jspecify.annotations.NullMarked;
