package dev.rollcall.server.consul;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.RegistryContract;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The contract, through the Consul backend, on a centre that holds its instances in memory. */
@Tag("long") // minutes, most of them spent in waiting for leases to run out
class CentreContractTest extends RegistryContract {
  private static CentreFaults centre;

  @BeforeAll
  static void start() {
    centre = new CentreFaults();
  }

  @AfterAll
  static void stop() {
    centre.close();
  }

  @Override
  protected RegistryBackend open(Timer timer) {
    return centre.open(timer);
  }

  @Override
  protected Faults faults() {
    return centre;
  }

  @Override
  protected Optional<String> uri() {
    return Optional.of(centre.uri());
  }

  @Override
  protected Duration ttl() {
    return Duration.ofSeconds(1); // most of these tests wait for it
  }

  @Override
  protected Duration deregisterAfter() {
    return Duration.ofMinutes(1); // what Consul raises anything shorter to, and the centre too
  }
}
