/**
 * The in-process registry. Start here: {@link dev.rollcall.memory.MemoryStore}, which embedders and
 * tests open themselves; everybody else says {@code Registry.open("memory:")}.
 *
 * <p>From the outside in: {@code MemoryBackend} is one user's handle on a store; {@code Ledger}
 * holds the services under the store's one lock; {@code Entry} is an instance and its lease; {@code
 * Expiry} turns the wheel of deadlines; {@code Watcher} delivers what has changed.
 */
@NullMarked
package dev.rollcall.memory;

import org.jspecify.annotations.NullMarked;
