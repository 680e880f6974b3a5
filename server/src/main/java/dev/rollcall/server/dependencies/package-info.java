/**
 * Registration with dependencies: {@code POST} and {@code DELETE} on {@code /services}, heartbeats
 * that the centre pulls, patches that it pushes to the dependants of a service. Start with {@link
 * dev.rollcall.server.dependencies.DependencyService}; {@link
 * dev.rollcall.server.dependencies.DependencyRegistry} does the work.
 *
 * <p>Internal: public only because the centre's packages need it. It may change in any release.
 */
@NullMarked
package dev.rollcall.server.dependencies;

import org.jspecify.annotations.NullMarked;
