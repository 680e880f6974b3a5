package dev.rollcall.testkit.soak;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.testkit.soak.Claim.Fate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * The operations. What each is and whom it concerns is drawn from the seed alone; what it meets
 * depends on the moment. All methods are called by the soak's thread; what calls complete with is
 * noted on other threads.
 */
final class Workload {
  private static final int CLIENTS = 4;
  private static final int MAX_EARS = 4;
  private static final Duration SLOW = Duration.ofMillis(300);

  private final Environment environment;
  private final Ledger ledger;
  private final Names names;
  private final SplittableRandom random;
  private final Troubles troubles;
  private final Duration ttl;

  /** For what blocks: a close. */
  private final ExecutorService hands;

  /** Read by the watchdog as well. */
  final List<Client> clients = new CopyOnWriteArrayList<>();

  /** Its registrations and its line are left alone. */
  final Client steady;

  private final Map<String, Long> operations = new TreeMap<>();

  /** Keys with a write under way: the order of two would be the store's to choose. */
  private final Set<String> writing = ConcurrentHashMap.newKeySet();

  private int born;
  private int values;
  private int ears;

  Workload(
      Environment environment,
      Ledger ledger,
      Names names,
      SplittableRandom random,
      Troubles troubles,
      Duration ttl,
      ExecutorService hands) {
    this.environment = environment;
    this.ledger = ledger;
    this.names = names;
    this.random = random;
    this.troubles = troubles;
    this.ttl = ttl;
    this.hands = hands;
    steady = new Client("steady", environment.beside().get(), environment.registries());
  }

  /** Registers what is to stay, then opens the clients. Fails where the store does not answer. */
  void begin() {
    List<Claim> staying = new ArrayList<>();
    for (int i = 0; i < Names.STEADY; i++) {
      InstanceKey key = new InstanceKey(names.steady(), "s" + i);
      // Long enough for every outage that the soak makes.
      Liveness liveness =
          i % 2 == 0 ? Liveness.permanent() : Liveness.heartbeat(Duration.ofMinutes(2));
      staying.add(register(steady, key, liveness, false));
    }
    for (Claim claim : staying) {
      try {
        claim.registered.join();
      } catch (CompletionException refused) {
        throw cause(refused) instanceof RegistryException known ? known : refused;
      }
    }
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(birth());
    }
  }

  Map<String, Long> operations() {
    return operations;
  }

  Duration ttl() {
    return ttl;
  }

  private Client birth() {
    Client client =
        new Client("client-" + ++born, environment.lines().get(), environment.registries());
    for (String service : names.services()) {
      boolean isSteady = service.equals(names.steady());
      client.listen(service, new Ear(ledger, client + ":" + service, Duration.ZERO, isSteady));
    }
    client.listen(new CatalogEar(ledger, client + ":catalog", names::isOwn));
    client.listen(names.prefix(), new KeyEar(ledger, client + ":keys"));
    return client;
  }

  /** Does one thing. */
  void step() {
    int which = random.nextInt(CLIENTS);
    Client client = clients.get(which);
    int service = random.nextInt(Names.SERVICES);
    int id = random.nextInt(Names.IDS);
    // Mostly an id that is this client's: take-overs are to be the exception.
    int own = random.nextInt(8) == 0 ? id : (id - id % CLIENTS + which) % Names.IDS;
    InstanceKey key = names.instance(service, own);
    String pair = names.key(random.nextInt(Names.KEYS));
    int kind = random.nextInt(1000);
    int detail = random.nextInt(100);
    if (kind < 380) {
      write(client, key, detail);
    } else if (kind < 470) {
      leave(client, key, detail);
    } else if (kind < 600) {
      look(client, names.service(service));
    } else if (kind < 640) {
      listen(client, names.service(service), detail);
    } else if (kind < 680) {
      unlisten(client, names.service(service), detail);
    } else if (kind < 710) {
      snapshot(client, names.service(service));
    } else if (kind < 720) {
      evict(client, key);
    } else if (kind < 850) {
      put(client, pair);
    } else if (kind < 900) {
      compareAndSet(client, pair);
    } else if (kind < 940) {
      delete(client, pair);
    } else if (kind < 970) {
      readPair(client, pair);
    } else if (kind < 994) {
      listenToKeys(client, detail);
    } else if (kind < 998) {
      crash(which);
    } else {
      restart(which);
    }
  }

  private void count(String operation) {
    operations.merge(operation, 1L, Long::sum);
  }

  /** Notes a call that is under way, and what it ends with. */
  private <T> CompletableFuture<T> called(Object subject, String what, CompletableFuture<T> call) {
    ledger.tally.count(Check.CALLS, 1);
    Object token = new Object();
    ledger.calls.put(token, what);
    return call.whenComplete(
        (value, failure) -> {
          ledger.calls.remove(token);
          if (failure != null) {
            ledger.failed(subject, what, cause(failure));
          }
        });
  }

  private static boolean isDenied(Throwable failure) {
    return failure instanceof RegistryException known
        && known.kind() == RegistryException.Kind.DENIED;
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  // ---- registrations

  private void write(Client client, InstanceKey key, int detail) {
    Claim held = client.holds.get(key);
    if (held != null && held.state().filter(State.FENCED::equals).isPresent()) {
      held = null; // it is another's now
    }
    if (held == null || held.fate() != Fate.OPEN) {
      Liveness liveness =
          detail < 25
              ? Liveness.permanent()
              : Liveness.heartbeat(ttl).deregisterAfter(Duration.ofSeconds(1));
      register(client, key, liveness, detail % 10 == 0);
    } else if (held.registration().isPresent()) {
      update(held);
    }
  }

  private Claim register(Client client, InstanceKey key, Liveness liveness, boolean exclusive) {
    count(exclusive ? "register exclusively" : "register");
    int number = ledger.nextClaim();
    ServiceInstance instance = ledger.written.next(key, number);
    boolean permanent = liveness instanceof Liveness.Permanent;
    String what =
        client
            + " registers "
            + Written.shown(instance)
            + (permanent ? ", permanent" : "")
            + (exclusive ? ", exclusive" : "");
    ledger.history.note(key, what);
    // Known before it is sent: the store may show it before the call returns.
    CompletableFuture<Registration> registered = new CompletableFuture<>();
    Claim claim = new Claim(number, key, client, permanent, registered);
    ledger.add(claim);
    if (ledger.claims(key).stream().anyMatch(other -> other.client != client)) {
      ledger.tally.count(Check.FENCING, 1);
    }
    client.holds.put(key, claim);
    send(client.registry, instance, liveness, exclusive)
        .whenComplete(
            (registration, failure) -> {
              if (failure == null) {
                registered.complete(registration);
              } else {
                registered.completeExceptionally(failure);
              }
            });
    called(key, what, registered)
        .whenComplete(
            (registration, failure) -> {
              if (failure != null) {
                claim.becomes(Fate.ENDING);
                return;
              }
              ledger.history.note(key, claim + ": registered");
              registration.onState(state -> heard(claim, state));
            });
    return claim;
  }

  private static CompletableFuture<Registration> send(
      Registry registry, ServiceInstance instance, Liveness liveness, boolean exclusive) {
    if (exclusive) {
      return registry.registerExclusive(instance, liveness);
    }
    return Written.serial(instance) % 7 == 0
        ? CompletableFuture.completedFuture(registry.announce(instance, liveness))
        : registry.register(instance, liveness);
  }

  private void heard(Claim claim, State state) {
    ledger.history.note(claim.key, claim + " is " + state);
    Optional<State> before = claim.hears(state);
    if (state == State.CLOSED && before.orElse(State.PENDING) == State.PENDING) {
      claim.becomes(Fate.ENDING); // announced, and refused
    }
    if (before.filter(State.FENCED::equals).isPresent() && state != State.CLOSED) {
      ledger.violation(Check.FENCING, claim.key, claim + " was FENCED and is " + state + " again");
    }
  }

  private void update(Claim held) {
    count("update");
    ServiceInstance next = ledger.written.next(held.key, held.number);
    String what = held.client + " updates " + Written.shown(next);
    ledger.history.note(held.key, what);
    called(held.key, what, held.registration().orElseThrow().update(next))
        .whenComplete(
            (done, failure) -> {
              if (failure == null) {
                ledger.history.note(held.key, "#" + Written.serial(next) + " is confirmed");
              }
            });
  }

  private void leave(Client client, InstanceKey key, int detail) {
    Claim held = client.holds.get(key);
    if (held == null || held.registration().isEmpty()) {
      return;
    }
    client.holds.remove(key);
    Registration registration = held.registration().get();
    boolean fenced = registration.state() == State.FENCED;
    CompletableFuture<Void> leaving;
    if (detail < 70) {
      count("deregister");
      leaving = registration.deregister();
    } else if (detail < 85) {
      count("drain");
      leaving = registration.drain(Duration.ofMillis(200));
    } else {
      count("close");
      leaving =
          CompletableFuture.runAsync(registration::close, hands)
              .thenCompose(closed -> registration.deregister());
    }
    String what = client + " leaves " + key + " (" + held + ")" + (fenced ? ", fenced" : "");
    ledger.history.note(key, what);
    held.becomes(Fate.ENDING);
    called(key, what, leaving)
        .whenComplete(
            (done, failure) -> {
              if (failure == null) {
                ledger.tally.count(Check.ZOMBIES, 1);
                ledger.history.note(key, held + ": its end is confirmed");
                held.becomes(Fate.GONE);
              } else if (isDenied(cause(failure))) {
                // Only what fails as unavailable is tried again (R12); the caller is told.
                held.becomes(Fate.ORPHAN);
              }
            });
  }

  /** What an operator does: the owner, where there is one, is to put it back. */
  private void evict(Client client, InstanceKey key) {
    count("evict");
    String what = client + " removes " + key + ", whoever's it is";
    ledger.history.note(key, what);
    called(key, what, client.registry.deregister(key));
  }

  // ---- reading

  private void look(Client client, String service) {
    count("look up");
    ledger.tally.count(Check.ORDER, 1);
    Client.Held held = client.view(service);
    Snapshot now = held.view.snapshot();
    if (now.version() < held.version) {
      ledger.violation(
          Check.ORDER,
          client + ":" + service,
          client + " looked " + service + " up: v" + now.version() + " after v" + held.version);
    }
    held.version = now.version();
  }

  private void listen(Client client, String service, int detail) {
    if (client.ears.size() >= Names.SERVICES + 1 + MAX_EARS) {
      return;
    }
    count("watch");
    client.listen(
        service,
        new Ear(
            ledger,
            client + "/" + ++ears + ":" + service,
            detail < 30 ? SLOW : Duration.ZERO,
            false));
  }

  private void unlisten(Client client, String service, int detail) {
    if (detail < 10) {
      count("drop a view");
      client.drop(service);
      return;
    }
    List<Client.Listening<Ear>> extra = new ArrayList<>();
    client.ears.forEach(
        one -> {
          if (one.ear().name().contains("/")) {
            extra.add(one);
          }
        });
    if (!extra.isEmpty()) {
      count("unwatch");
      client.close(extra.get(detail % extra.size()));
    }
  }

  private void snapshot(Client client, String service) {
    count("snapshot");
    String what = client + " reads " + service;
    called(client + ":" + service, what, client.registry.snapshot(service))
        .whenComplete(
            (snapshot, failure) -> {
              if (failure == null) {
                snapshot.all().forEach(seen -> ledger.recognise(seen, what));
              }
            });
  }

  // ---- keys and values

  private void put(Client client, String key) {
    if (client.keys.isEmpty() || !writing.add(key)) {
      return;
    }
    count("put");
    Bytes value = Bytes.ofText("v" + ++values);
    String what = client + " puts " + key + " = " + value.text();
    ledger.history.note(key, what);
    ledger.writing(key, Optional.of(value));
    called(key, what, client.keys.get().put(key, value))
        .whenComplete((done, failure) -> wrote(key, Optional.of(value), failure));
  }

  private void wrote(String key, Optional<Bytes> value, @Nullable Throwable failure) {
    if (failure == null) {
      ledger.history.note(key, value.map(Bytes::text).orElse("its deletion") + " is confirmed");
      ledger.wrote(key, value);
    } else {
      ledger.doubted(key, value);
    }
    writing.remove(key);
  }

  private void compareAndSet(Client client, String key) {
    if (client.keys.isEmpty() || !writing.add(key)) {
      return;
    }
    count("compare and set");
    Bytes value = Bytes.ofText("c" + ++values);
    String what = client + " compares and sets " + key + " = " + value.text();
    ledger.history.note(key, what);
    ledger.writing(key, Optional.of(value));
    CompletableFuture<Boolean> done =
        client
            .keys
            .get()
            .get(key)
            .thenCompose(
                read -> compareAndSet(client, key, read.map(KeyValue::version).orElse(0L), value));
    called(key, what, done)
        .whenComplete(
            (written, failure) -> {
              if (failure == null && !written) {
                // Nobody else writes meanwhile, but for what was never answered.
                ledger.history.note(key, value.text() + " was not set: it had changed");
                writing.remove(key);
              } else {
                wrote(key, Optional.of(value), failure);
              }
            });
  }

  private static CompletableFuture<Boolean> compareAndSet(
      Client client, String key, long version, Bytes value) {
    try {
      return client.keys.get().compareAndSet(key, version, value);
    } catch (IllegalStateException closed) { // between the two calls
      return CompletableFuture.failedFuture(
          RegistryException.unavailable(client + " is closed", closed));
    }
  }

  private void delete(Client client, String key) {
    if (client.keys.isEmpty() || !writing.add(key)) {
      return;
    }
    count("delete");
    String what = client + " deletes " + key;
    ledger.history.note(key, what);
    ledger.writing(key, Optional.empty());
    called(key, what, client.keys.get().delete(key))
        .whenComplete((done, failure) -> wrote(key, Optional.empty(), failure));
  }

  private void readPair(Client client, String key) {
    if (client.keys.isEmpty()) {
      return;
    }
    count("get");
    called(key, client + " gets " + key, client.keys.get().get(key));
  }

  private void listenToKeys(Client client, int detail) {
    if (detail < 50 && client.keyEars.size() < MAX_EARS) {
      count("watch keys");
      client.listen(names.prefix(), new KeyEar(ledger, client + "/" + ++ears + ":keys"));
    } else if (client.keyEars.size() > 1) {
      count("unwatch keys");
      client.keyEars.removeLast().subscription().close();
    }
  }

  // ---- lives

  private void crash(int which) {
    count("crash");
    Client dead = clients.get(which);
    ledger.history.note(dead + " is killed");
    troubles.forget(dead);
    dead.kill();
    orphan(dead);
    bury(dead + " is buried", dead::bury);
    clients.set(which, birth());
  }

  private void restart(int which) {
    count("restart");
    Client old = clients.get(which);
    ledger.history.note(old + " is closed");
    troubles.forget(old);
    // Nothing of a closed registry may stay but what the store could not be told of.
    for (Claim claim : ledger.claims()) {
      if (claim.client == old) {
        claim.becomes(Fate.ENDING);
      }
    }
    bury(
        old + " is closed",
        () -> {
          old.close();
          orphan(old);
        });
    clients.set(which, birth());
  }

  private void bury(String what, Runnable how) {
    called(what, what, CompletableFuture.runAsync(how, hands));
  }

  private void orphan(Client client) {
    for (Claim claim : ledger.claims()) {
      if (claim.client == client) {
        claim.becomes(Fate.ORPHAN);
      }
    }
  }

  /** All is as it should be: what was settled need not be remembered. */
  void settle(Map<String, Bytes> heldKeys, Set<Claim> present) {
    ledger.settle(heldKeys);
    for (Client client : clients) {
      client.holds.values().removeIf(claim -> isOver(claim));
      client.ears.forEach(one -> one.ear().settle());
      client.keyEars.forEach(one -> one.ear().settle());
    }
    for (Claim claim : ledger.claims()) {
      if (isOver(claim) || (isSettled(claim) && !present.contains(claim))) {
        ledger.forget(claim);
      }
    }
  }

  /** What failed may arrive and be undone for a while yet. */
  private static boolean isSettled(Claim claim) {
    return claim.fate() != Fate.OPEN
        && System.nanoTime() - claim.sinceNanos() > Ledger.LATE.toNanos();
  }

  private static boolean isOver(Claim claim) {
    return claim.fate() == Fate.GONE || claim.state().filter(State.FENCED::equals).isPresent();
  }

  /** Removes what its dead owner has left for good, as an operator does. */
  List<CompletableFuture<Void>> sweep(Set<Claim> left) {
    List<CompletableFuture<Void>> swept = new ArrayList<>();
    for (Claim claim : new HashSet<>(left)) {
      count("sweep");
      ledger.history.note(claim.key, "steady sweeps what " + claim + " has left");
      CompletableFuture<Void> removed = steady.registry.deregister(claim.key);
      swept.add(
          called(claim.key, "sweeping " + claim.key, removed)
              .thenRun(() -> claim.becomes(Fate.GONE)));
    }
    return swept;
  }

  /** Takes everything out of the store that this has put there. */
  void end() {
    List<Client> all = new ArrayList<>(clients);
    all.add(steady);
    List<CompletableFuture<Void>> closing = new ArrayList<>();
    for (Client client : all) {
      if (client != steady) {
        closing.add(CompletableFuture.runAsync(client::close, hands));
      }
    }
    closing.forEach(CompletableFuture::join);
    List<CompletableFuture<Void>> sweeping = new ArrayList<>();
    for (int service = 0; service < Names.SERVICES; service++) {
      for (int id = 0; id < Names.IDS; id++) {
        sweeping.add(steady.registry.deregister(names.instance(service, id)));
      }
    }
    steady.keys.ifPresent(keys -> sweeping.add(keys.deleteAll(names.prefix())));
    sweeping.forEach(Workload::ignoringTrouble);
    steady.close();
  }

  private static void ignoringTrouble(CompletableFuture<Void> call) {
    try {
      call.join();
    } catch (CompletionException failed) {
      if (!(failed.getCause() instanceof RegistryException)) {
        throw failed;
      }
    }
  }
}
