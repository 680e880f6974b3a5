/**
 * A registry centre with dependencies, as S5's clients know it: {@code POST} and {@code DELETE} on
 * {@code /services}, heartbeats that the centre pulls, patches that it pushes to whoever requires a
 * service. Start with {@link dev.rollcall.server.s5.S5Service}; {@link
 * dev.rollcall.server.s5.S5Centre} does the work.
 */
@NullMarked
package dev.rollcall.server.s5;

import org.jspecify.annotations.NullMarked;
