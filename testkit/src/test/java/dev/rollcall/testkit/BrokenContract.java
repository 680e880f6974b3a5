package dev.rollcall.testkit;

import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** The reference with a fault: in its clients, in what stands below a registry, or above it. */
abstract class BrokenContract extends ReferenceContractTest {
  /** The backend as it really is, with the fault in front. */
  RegistryBackend broken(RegistryBackend right) {
    return right;
  }

  /** What the registry is given instead of the backend of the test. */
  RegistryBackend below(RegistryBackend right) {
    return right;
  }

  /** What the test is given instead of the registry. */
  Registry above(Registry right) {
    return right;
  }

  @Override
  protected RegistryBackend open(Timer timer) {
    return broken(super.open(timer));
  }

  @Override
  protected Registry registry(RegistryBackend backend, UnaryOperator<RegistryBuilder> settings) {
    return above(super.registry(below(backend), settings));
  }

  /** What is broken stays broken: there is little to wait for. */
  @Override
  protected ContractTime time() {
    return ContractTime.manual(Duration.ofMillis(500));
  }

  @Override
  protected Duration patience() {
    return Duration.ofSeconds(2);
  }
}
