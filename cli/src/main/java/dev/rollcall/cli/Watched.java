package dev.rollcall.cli;

import dev.rollcall.Subscription;
import java.util.function.Consumer;

/**
 * Something in a store that can be watched. Each subscription has a rendering of its own, since a
 * slow one skips states.
 */
interface Watched {
  /** How one change reads. */
  interface Rendered {
    /** Returns the change as one JSON object, without an end of line. */
    String json();

    /** Prints the change for people. */
    void print(ChangeLines to);
  }

  /**
   * Hears of every change, beginning with the present state. Calls are serial, and the next one
   * comes when the last has returned: states in between are skipped, the last one never is.
   */
  Subscription subscribe(Consumer<Rendered> changed, Consumer<Trust> trust);

  /** Names what is watched: {@code service orders}. */
  String what();
}
