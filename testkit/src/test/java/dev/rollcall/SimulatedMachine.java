package dev.rollcall;

/** Lets the simulation of the testkit open registries on a machine that it owns. */
public abstract class SimulatedMachine implements Machine {
  /** Opens what a builder describes, on this machine. */
  public final Registry open(RegistryBuilder builder) {
    return builder.on(this).build();
  }

  /** Opens what a builder describes, on this machine. */
  public final KeyValueStore open(KeyValueStoreBuilder builder) {
    return builder.on(this).build();
  }
}
