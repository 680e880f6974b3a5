package dev.rollcall.engine;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;

/** A registration on a scripted backend, in a time that stands still. */
abstract class RegistrationFixture {
  static final Duration DEADLINE = Duration.ofSeconds(10);
  static final Duration LONG = Duration.ofMinutes(1);
  static final ServiceInstance INSTANCE = Samples.instance("a");

  final ManualTimer timer = new ManualTimer();
  final ScriptedBackend backend = new ScriptedBackend();
  final FakeChecker checker = new FakeChecker();
  final Dispatcher dispatcher =
      new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run);
  final Answers answers =
      new Answers(timer, new Dispatcher(timer, RealMachine.INSTANCE.answerPool(), Runnable::run));
  final StoreContact contact = new StoreContact(timer, () -> {});
  final Set<StateSubscriber> listening = ConcurrentHashMap.newKeySet();
  final AtomicInteger done = new AtomicInteger();
  final List<Registration.State> states = new CopyOnWriteArrayList<>();

  @AfterEach
  void closeDispatcher() {
    dispatcher.close();
    answers.close();
  }

  StoreRegistration start() {
    return start(Liveness.heartbeat(ScriptedBackend.TTL), Claim.TAKE_OVER);
  }

  StoreRegistration start(Liveness liveness, Claim claim) {
    StoreRegistration registration =
        new StoreRegistration(
            new RegistrationContext(
                backend,
                timer,
                RealMachine.INSTANCE,
                dispatcher,
                answers,
                contact,
                DEADLINE,
                listening),
            UUID.randomUUID().toString(),
            INSTANCE,
            liveness,
            claim,
            () -> {
              done.incrementAndGet();
              contact.idle();
            });
    registration.onState(states::add);
    registration.start(checker);
    return registration;
  }

  /** Lets the first registrations fail, and the following ones work. */
  void failFirst(int times, RegistryException.Kind kind) {
    backend.onRegister =
        call -> {
          if (backend.registers.size() <= times) {
            call.refuse(kind);
          } else {
            call.accept();
          }
        };
  }

  static RegistryException.Kind kindOf(Throwable thrown) {
    return Failures.of(thrown).kind();
  }
}
