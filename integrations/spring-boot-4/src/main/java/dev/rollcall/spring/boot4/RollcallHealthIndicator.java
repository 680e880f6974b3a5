package dev.rollcall.spring.boot4;

import dev.rollcall.Registry;
import dev.rollcall.RegistryStatus;
import dev.rollcall.spring.StatusReport;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Down while the store does not answer, which an application may well survive: views keep what they
 * know, and registrations are restored. So it is in no group for readiness unless told to.
 */
final class RollcallHealthIndicator implements HealthIndicator {
  private final Registry registry;

  RollcallHealthIndicator(Registry registry) {
    this.registry = registry;
  }

  @Override
  public Health health() {
    RegistryStatus status = registry.status();
    Health.Builder health =
        switch (status.store()) {
          case REACHABLE -> Health.up();
          case UNREACHABLE -> Health.down();
          case UNKNOWN -> Health.unknown();
        };
    return health.withDetails(StatusReport.of(status)).build();
  }
}
