package dev.rollcall.testkit;

import dev.rollcall.Registry;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;

/** What is wrong in a simulation on purpose: nothing, unless a method says otherwise. */
interface SimulatedTwist {
  SimulatedTwist NONE = new SimulatedTwist() {};

  /** The backend as the registry finds it. */
  default RegistryBackend below(RegistryBackend right) {
    return right;
  }

  /** The registry as the application finds it. */
  default Registry above(Registry right) {
    return right;
  }

  /** The backend as the key-value store finds it. */
  default KeyValueBackend keysBelow(KeyValueBackend right) {
    return right;
  }

  /** A stream that cannot be resumed is resumed all the same. */
  default boolean resumesBlindly() {
    return false;
  }

  /** A stream says nothing of being lost. */
  default boolean hidesOutages() {
    return false;
  }

  /** A departure is confirmed although something of that owner's may still arrive. */
  default boolean confirmsInDoubt() {
    return false;
  }
}
