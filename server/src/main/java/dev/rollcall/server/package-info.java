/**
 * The registry centre: the registry over HTTP, in one process, embeddable. Start here: {@link
 * dev.rollcall.server.Centre}. What it serves are {@link dev.rollcall.server.CentrePart}s.
 */
@NullMarked
package dev.rollcall.server;

import org.jspecify.annotations.NullMarked;
