/**
 * The centre's page: who is there, how they are, and what has changed, live. Start with {@link
 * dev.rollcall.server.dashboard.Dashboard}.
 */
@NullMarked
package dev.rollcall.server.dashboard;

import org.jspecify.annotations.NullMarked;
