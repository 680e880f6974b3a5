package dev.rollcall.testkit.server;

import java.util.Optional;
import java.util.function.Consumer;

/** One place where an executable may be found; a place that has none says why. */
interface BinarySource {
  /**
   * Looks in this place.
   *
   * @param reasons told in a few words why nothing is returned
   * @throws ServerNotFoundException if looking in other places would hide a mistake
   */
  Optional<ServerBinary> find(WantedServer wanted, Consumer<String> reasons);
}
