/** Every parser of the centre, fed by a fuzzer for a bounded time. */
@NullMarked
package dev.rollcall.server.fuzz;

import org.jspecify.annotations.NullMarked;
