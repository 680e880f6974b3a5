/**
 * What an application sees of Rollcall. Start here: {@link dev.rollcall.Registry#open(String)}.
 *
 * <p>Values and interfaces; the engine behind them is not exported, and is written once for all
 * backends. A backend implements {@link dev.rollcall.spi.RegistryBackend} and nothing else.
 */
@NullMarked
package dev.rollcall;

import org.jspecify.annotations.NullMarked;
