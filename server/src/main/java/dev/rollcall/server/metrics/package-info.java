/**
 * What the centre measures of itself. Start with {@link dev.rollcall.server.metrics.Metrics}.
 *
 * <p>Internal: public only because the centre's packages need it. It may change in any release.
 */
@NullMarked
package dev.rollcall.server.metrics;

import org.jspecify.annotations.NullMarked;
