/** The programs behind the launcher. Start here: {@link dev.rollcall.cli.Rollcall}. */
@NullMarked
package dev.rollcall.cli;

import org.jspecify.annotations.NullMarked;
