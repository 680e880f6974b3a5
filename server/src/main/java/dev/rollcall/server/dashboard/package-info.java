/**
 * The centre's page: who is there, how they are, and what has changed, live. Start with {@link
 * dev.rollcall.server.dashboard.Dashboard}.
 *
 * <p>Internal: public only because the centre's packages need it. It may change in any release.
 */
@NullMarked
package dev.rollcall.server.dashboard;

import org.jspecify.annotations.NullMarked;
