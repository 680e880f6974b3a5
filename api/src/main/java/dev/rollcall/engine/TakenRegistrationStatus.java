package dev.rollcall.engine;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.RegistryException;
import java.time.Duration;
import java.util.Optional;

/** A status as it was taken. */
record TakenRegistrationStatus(
    InstanceKey key,
    Registration.State state,
    Duration age,
    String reason,
    Optional<RegistryException> cause,
    Health health,
    long epoch,
    Optional<Duration> nextAttempt)
    implements RegistrationStatus {}
