package dev.rollcall.engine;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Set;

/**
 * What all registrations of one registry share.
 *
 * @param deadline of a deregistration, and of a registration's first answer
 * @param listening of the listeners to registrations' states, those that may still be called
 */
record RegistrationContext(
    RegistryBackend backend,
    Timer timer,
    Machine machine,
    Dispatcher dispatcher,
    Answers answers,
    StoreContact contact,
    Duration deadline,
    Set<StateSubscriber> listening) {}
