package dev.rollcall.testkit;

import dev.rollcall.Catalog;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.engine.StoreRegistry;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.RegisterRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A process with a registry and a store of keys, from its start to its end: what its application
 * does at random, and what it may expect. It holds all views that it ever resolved, so that no
 * collection of garbage decides anything.
 */
final class SimulatedClient {
  static final Duration DEADLINE = Duration.ofSeconds(4);

  /** A thread is found within this time for what follows on a future. */
  private static final Duration HANDED_OVER = Duration.ofMillis(100);

  static final Duration LOSS_BOUND = Duration.ofSeconds(20);
  static final List<String> SERVICES = List.of("orders", "users");
  static final List<String> KEYS = List.of("a/x", "a/y", "b");
  private static final List<String> IDS = List.of("1", "2", "3");

  private static final int MOST_VIEWS = 4;

  /** How stale that may be which says that it is live, where the process was not stalled. */
  private static final long HONEST = SimulatedStream.KEEPALIVE + SimulatedWorld.millis(1500);

  private final SimulatedWorld world;
  private final SimulatedStore store;
  private final Map<Integer, SimulatedRegistration> byPort;
  private final SimulatedHost host;
  private final SimulatedLine registryLine;
  private final SimulatedLine keysLine;
  private final Registry registry;
  private final KeyValueStore keys;
  private final boolean guarded;
  private final Map<String, ServiceView> views = new TreeMap<>();
  private final Map<String, Long> seen = new HashMap<>();
  private final List<SimulatedRegistration> registrations = new ArrayList<>();
  private final List<SimulatedWatch> watches = new ArrayList<>();
  private final List<SimulatedView> keyViews = new ArrayList<>();
  private final List<SimulatedListener<?>> listeners = new ArrayList<>();
  private @Nullable Catalog catalog;
  private boolean closed;
  private int blocked;
  private int listened;

  SimulatedClient(
      SimulatedWorld world,
      SimulatedHost host,
      SimulatedStore store,
      SimulatedTwist twist,
      boolean wholeStates,
      Map<Integer, SimulatedRegistration> byPort) {
    this.world = world;
    this.store = store;
    this.host = host;
    this.byPort = byPort;
    this.registryLine = new SimulatedLine(world, host, store, twist);
    this.keysLine = new SimulatedLine(world, host, store, twist);
    this.guarded = world.chance(0.5);
    Executor executor = executor().orElse(null);
    SimulatedBackend backend = new SimulatedBackend(world, registryLine, wholeStates, this::sends);
    StoreRegistry.Settings settings =
        new StoreRegistry.Settings(
            DEADLINE, Duration.ofMinutes(1), guarded ? 0.5 : 1, LOSS_BOUND, 0.5);
    this.registry = twist.above(host.open(twist.below(backend), host, executor, settings));
    this.keys =
        host.open(twist.keysBelow(new SimulatedKeys(world, keysLine)), host, executor, DEADLINE);
  }

  /** Returns an executor of the application's: most have none, and some have a bad one. */
  private Optional<Executor> executor() {
    if (world.chance(0.7)) {
      return Optional.empty();
    }
    Executor pool = host.listenerPool();
    boolean full = world.chance(0.3);
    return Optional.of(
        task -> {
          if (full && world.chance(0.3)) {
            throw new RejectedExecutionException("full");
          }
          if (full && world.chance(0.1)) {
            return; // dropped without a word
          }
          pool.execute(task);
        });
  }

  SimulatedHost host() {
    return host;
  }

  boolean isClosed() {
    return closed;
  }

  /** Tells whether a call of the application's is waiting. */
  boolean isBlocked() {
    return blocked > 0;
  }

  private String name() {
    return "client " + host.number();
  }

  // What goes wrong.

  void cutOff(boolean off) {
    registryLine.up(!off);
    keysLine.up(!off);
    if (off) {
      for (SimulatedStream<?, ?> stream : streams()) {
        stream.cut(world.random.nextLong(SimulatedStream.KEEPALIVE));
      }
    }
  }

  void cutStreams() {
    for (SimulatedStream<?, ?> stream : streams()) {
      if (world.chance(0.7)) {
        stream.cut(stream.soon());
      }
    }
  }

  private List<SimulatedStream<?, ?>> streams() {
    List<SimulatedStream<?, ?>> mine = new ArrayList<>();
    store.instances().streams().forEach(stream -> add(stream, mine));
    store.keys().streams().forEach(stream -> add(stream, mine));
    return mine;
  }

  private void add(SimulatedStream<?, ?> stream, List<SimulatedStream<?, ?>> mine) {
    if (stream.line() == registryLine || stream.line() == keysLine) {
      mine.add(stream);
    }
  }

  void losses(double share) {
    registryLine.losses(share);
    keysLine.losses(share);
  }

  /** The process is killed. */
  void crash() {
    world.tell(() -> name() + " crashes");
    closed = true;
    host.die();
    cutOff(true);
    for (SimulatedRegistration mine : registrations) {
      leaves(mine);
      mine.mayStay |= mine.permanent;
    }
  }

  // What the application does.

  void register() {
    int port = 10_000 + byPort.size();
    InstanceKey key = new InstanceKey(world.oneOf(SERVICES), world.oneOf(IDS));
    ServiceInstance instance =
        ServiceInstance.builder(key.service())
            .id(key.id())
            .address("10.0.0." + host.number() % 200, port)
            .weight(0)
            .build();
    Liveness liveness = liveness(port);
    SimulatedRegistration mine =
        new SimulatedRegistration(host, port, key, liveness instanceof Liveness.Permanent);
    byPort.put(port, mine);
    world.ports.put(port, host);
    registrations.add(mine);
    int how = world.random.nextInt(3);
    world.tell(() -> name() + " registers " + mine + " " + shown(liveness) + " " + how);
    if (how == 0) {
      begun(mine, registry.announce(instance, liveness));
      return;
    }
    CompletableFuture<Registration> future =
        how == 1
            ? registry.register(instance, liveness)
            : registry.registerExclusive(instance, liveness);
    expect(
        "register " + mine,
        future,
        DEADLINE,
        registration -> {
          mine.acknowledged = true;
          begun(mine, registration);
          checkHeld(mine, 0);
        },
        failed -> mine.left = true);
  }

  /** Returns a liveness without its probe, whose name is another one in each run. */
  private static String shown(Liveness liveness) {
    return liveness instanceof Liveness.Heartbeat beat
        ? "heartbeat " + beat.ttl() + " " + beat.deregisterAfter() + " " + beat.probe().isPresent()
        : liveness.toString();
  }

  private Liveness liveness(int port) {
    Liveness.Heartbeat heartbeat =
        Liveness.heartbeat(Duration.ofSeconds(world.random.nextInt(3, 9)))
            .deregisterAfter(Duration.ofSeconds(world.random.nextInt(0, 8)));
    return switch (world.random.nextInt(6)) {
      case 0 -> Liveness.permanent();
      case 1 ->
          Liveness.tcpCheck("10.0.0.1", port, Duration.ofSeconds(2))
              .deregisterAfter(Duration.ofSeconds(world.random.nextInt(1, 8)));
      case 2 -> heartbeat.onlyWhile(() -> !world.sick.contains(port));
      default -> heartbeat;
    };
  }

  private void begun(SimulatedRegistration mine, Registration registration) {
    mine.registration = registration;
    SimulatedListener<State> listener =
        new SimulatedListener<>(
            world,
            host,
            name() + "'s states of " + mine,
            state -> {
              world.tell(() -> mine + " is " + state);
              world.note(state.name().hashCode());
              String wrong = mine.next(state);
              world.check(wrong.isEmpty(), () -> mine + " is told " + state + " " + wrong);
            });
    listener.subscribed(registration.onState(listener::accept));
    mine.listener = listener;
    listeners.add(listener);
  }

  /** Any fields of this registration's, or later ones, have stood in the store. */
  private void checkHeld(SimulatedRegistration mine, int fields) {
    long revision = store.instances().revision();
    for (long r = revision; r > 0; r--) {
      ServiceInstance held = store.instances().at(r).entries().get(mine.key.toString());
      if (held != null && mine.isOf(held) && held.weight() >= fields) {
        return;
      }
    }
    world.violation(mine + " with fields " + fields + " was confirmed and never stood there");
  }

  /** A registration is fenced that another one has superseded, and sends nothing any more. */
  private void sends(RegisterRequest request) {
    SimulatedRegistration mine = byPort.get(request.instance().port());
    world.check(
        mine == null || !mine.isFenced(), () -> mine + " is fenced and registers once more");
  }

  private Optional<SimulatedRegistration> any() {
    return registrations.isEmpty() ? Optional.empty() : Optional.of(world.oneOf(registrations));
  }

  void update() {
    SimulatedRegistration mine = any().orElse(null);
    if (mine == null || mine.registration == null) {
      return;
    }
    ServiceInstance before = mine.registration.instance();
    int fields = before.weight() + 1;
    Health health = world.chance(0.3) ? world.oneOf(List.of(Health.values())) : Health.PASSING;
    world.tell(() -> name() + " updates " + mine + " to " + fields + " " + health);
    ServiceInstance after = before.toBuilder().weight(fields).health(health).build();
    mine.registration
        .update(after)
        .whenComplete(
            (done, failed) -> {
              world.tell(() -> mine + " updated to " + fields + ": " + failed);
              if (failed == null) {
                checkHeld(mine, fields);
              } else {
                checkKind("update", failed);
              }
            });
  }

  void deregister() {
    SimulatedRegistration mine = any().orElse(null);
    if (mine == null || mine.registration == null) {
      return;
    }
    Duration wait = world.chance(0.3) ? Duration.ofSeconds(world.random.nextInt(0, 3)) : null;
    world.tell(() -> name() + " deregisters " + mine);
    leaves(mine);
    expect(
        "deregister " + mine,
        wait == null ? mine.registration.deregister() : mine.registration.drain(wait),
        wait == null ? DEADLINE : DEADLINE.plus(wait),
        done -> mine.gone = true,
        failed -> {
          RegistryException why = (RegistryException) failed;
          mine.mayStay |= why.kind() == RegistryException.Kind.DENIED;
        });
  }

  private static void leaves(SimulatedRegistration mine) {
    mine.left = true;
  }

  void remove() {
    InstanceKey key = new InstanceKey(world.oneOf(SERVICES), world.oneOf(IDS));
    world.tell(() -> name() + " removes " + key);
    expect("remove", registry.deregister(key), DEADLINE, done -> {}, failed -> {});
  }

  void snapshot() {
    String service = world.oneOf(SERVICES);
    long since = store.instances().revision();
    expect(
        "snapshot",
        registry.snapshot(service),
        DEADLINE,
        now ->
            world.check(
                store
                    .instances()
                    .wasSince(since, key -> SimulatedWatch.isOf(key, service), now.all()),
                () -> "a snapshot shows " + now + ", which has not been since it was asked for"),
        failed -> {});
  }

  void watch() {
    String service = world.oneOf(SERVICES);
    SimulatedWatch.OfService watch =
        new SimulatedWatch.OfService(
            world, host, listenerName(service), service, store.instances(), guarded);
    watch.listener.subscribed(view(service).watch(watch));
    watches.add(watch);
  }

  private String listenerName(String of) {
    String name = name() + "'s listener " + ++listened + " of " + of;
    world.tell(() -> name + " begins");
    return name;
  }

  private ServiceView view(String service) {
    return views.computeIfAbsent(service, registry::service);
  }

  void watchCatalog() {
    SimulatedWatch.OfCatalog watch =
        new SimulatedWatch.OfCatalog(
            world, host, listenerName("everything"), store.instances(), guarded);
    Catalog everything = registry.catalog();
    catalog = everything;
    watch.listener.subscribed(everything.watch(watch));
    watches.add(watch);
  }

  void viewKeys() {
    if (keyViews.size() < MOST_VIEWS) {
      Keys which = someKeys();
      world.tell(() -> name() + " views " + which);
      keyViews.add(new SimulatedView(world, host, name(), which, keys, store.keys()));
    }
  }

  private Keys someKeys() {
    return world.chance(0.5) ? Keys.prefix("a/") : Keys.key(world.oneOf(KEYS));
  }

  void watchKeys() {
    Keys which = someKeys();
    SimulatedWatch.OfKeys watch =
        new SimulatedWatch.OfKeys(world, host, listenerName(which.toString()), which, store.keys());
    watch.listener.subscribed(keys.watch(which, watch));
    watches.add(watch);
  }

  void unwatch() {
    if (!watches.isEmpty()) {
      SimulatedListener<?> listener = world.oneOf(watches).listener;
      world.tell(() -> listener.name() + " ends");
      listener.close();
    }
  }

  void put() {
    String key = world.oneOf(KEYS);
    String value = Long.toString(world.random.nextInt(5));
    expect(
        "put",
        world.chance(0.3) ? keys.delete(key) : keys.put(key, value),
        DEADLINE,
        done -> {},
        failed -> {});
  }

  void compareAndSet() {
    String key = world.oneOf(KEYS);
    expect(
        "get",
        keys.get(key),
        DEADLINE,
        found -> {
          if (!closed) {
            long version = found.map(entry -> entry.version()).orElse(0L);
            expect(
                "compareAndSet",
                keys.compareAndSet(key, version, "set" + version),
                DEADLINE,
                done -> {},
                failed -> {});
          }
        },
        failed -> {});
  }

  void sicken() {
    any()
        .ifPresent(
            mine -> {
              if (!world.sick.remove(mine.port)) {
                world.sick.add(mine.port);
              }
              world.tell(() -> mine + (world.sick.contains(mine.port) ? " is sick" : " is well"));
            });
  }

  void fail() {
    String service = world.oneOf(SERVICES);
    List<ServiceInstance> passing = view(service).instances();
    if (!passing.isEmpty()) {
      view(service).failed(world.oneOf(passing));
    }
  }

  /** Looks at all that is shown. */
  void look() {
    keyViews.forEach(view -> view.look(closed));
    views.values().forEach(view -> look(view.service(), view.snapshot()));
    if (catalog != null) {
      Catalog everything = catalog;
      for (String service : SERVICES) {
        look("*" + service, everything.snapshot(service));
      }
    }
  }

  private void look(String name, Snapshot now) {
    String who = name() + "'s view of " + name;
    if (now.version() > 0) {
      long before = seen.getOrDefault(name, 0L);
      world.check(now.version() >= before, () -> who + " goes back to " + now);
      seen.put(name, now.version());
      SimulatedWatch.isReal(world, who, store.instances(), now, guarded);
    }
    boolean live = now.freshness() instanceof Freshness.Live;
    world.check(!live || !closed, () -> who + " is live although its registry is closed");
    if (live && world.now() - host.stalledUntil() > HONEST) {
      long since = store.instances().revisionAt(world.now() - HONEST);
      world.check(
          store
              .instances()
              .wasSince(since, key -> SimulatedWatch.isOf(key, now.service()), now.all()),
          () -> who + " says that it is live, and is as the store was not lately: " + now);
    }
  }

  /**
   * Closes everything, as an application does that ends; perhaps on an interrupted thread.
   *
   * @param well whether nothing is wrong that could keep the store from being told
   */
  void close(boolean well) {
    boolean interrupted = world.chance(0.2);
    world.tell(() -> name() + " closes" + (interrupted ? ", interrupted" : ""));
    closed = true;
    blocked++;
    for (SimulatedRegistration mine : registrations) {
      leaves(mine);
      mine.mayStay |= !well && !mine.gone && mine.permanent;
    }
    long begun = world.now();
    int overtakings = world.overtakings();
    keys.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    registry.close();
    world.check(
        Thread.interrupted() == interrupted, () -> name() + "'s interrupt flag was " + interrupted);
    long most = DEADLINE.plusSeconds(2).toNanos();
    world.check(
        world.overtakings() > overtakings
            || host.stalledUntil() > begun
            || world.now() - begun <= most,
        () -> name() + " took until " + (world.now() - begun) / 1e9 + " s to close");
    watches.forEach(watch -> watch.listener.closed());
    listeners.forEach(SimulatedListener::closed);
    blocked--;
    look();
  }

  private void expectSoon(String what, CompletableFuture<?> future) {
    host.afterOwn(
        HANDED_OVER,
        () -> {
          if (world.now() - host.stalledUntil() < HANDED_OVER.toNanos()) {
            expectSoon(what, future); // what was due meanwhile is only just being done
          } else {
            world.check(future.isDone(), () -> name() + ": " + what + " never ends");
          }
        });
  }

  /** Expects a future to end by a deadline, in one of the kinds, and to be told soon after. */
  private <T> void expect(
      String what,
      CompletableFuture<T> future,
      Duration deadline,
      Consumer<T> done,
      Consumer<Throwable> failed) {
    // What follows a deadline, as in draining, begins late where that was late.
    host.afterOwn(
        DEADLINE, () -> host.afterOwn(deadline.minus(DEADLINE), () -> expectSoon(what, future)));
    future.whenComplete(
        (value, thrown) -> {
          world.tell(() -> name() + ": " + what + (thrown == null ? " is done" : ": " + thrown));
          if (host.isDead()) {
            return;
          }
          if (thrown == null) {
            done.accept(value);
          } else {
            failed.accept(checkKind(what, thrown));
          }
        });
  }

  private Throwable checkKind(String what, Throwable thrown) {
    Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
    world.check(
        cause instanceof RegistryException, () -> name() + ": " + what + " fails by " + thrown);
    return cause;
  }

  // What must be so in the end.

  /** Checks that everything is well again, when nothing was wrong for long enough. */
  void checkConverged() {
    look();
    for (ServiceView view : views.values()) {
      converged(view.service(), view.snapshot());
    }
    if (catalog != null) {
      Catalog everything = catalog;
      for (String service : SERVICES) {
        converged(service, everything.snapshot(service));
      }
      List<String> there =
          store.instances().present().values().stream()
              .map(ServiceInstance::service)
              .distinct()
              .toList();
      world.check(
          List.copyOf(everything.services()).equals(there),
          () -> name() + "'s catalog names " + everything.services() + ", there is " + there);
    }
    keyViews.forEach(SimulatedView::checkConverged);
    for (SimulatedWatch watch : watches) {
      if (!watch.listener.isClosed()) {
        String difference = watch.difference();
        world.check(difference.isEmpty(), () -> difference);
        world.check(
            watch.freshness == null || watch.freshness instanceof Freshness.Live,
            () -> watch.listener.name() + " was told " + watch.freshness);
      }
    }
    for (SimulatedRegistration mine : registrations) {
      settled(mine);
    }
  }

  private void converged(String service, Snapshot now) {
    List<ServiceInstance> truth =
        store
            .instances()
            .list(store.instances().revision(), key -> SimulatedWatch.isOf(key, service));
    world.check(
        now.freshness() instanceof Freshness.Live,
        () -> name() + "'s view of " + service + " is not live in the end: " + now);
    world.check(
        now.all().equals(truth),
        () -> name() + "'s view of " + service + " ends with " + now + ", there is " + truth);
  }

  private void settled(SimulatedRegistration mine) {
    Registration registration = mine.registration;
    ServiceInstance there = store.instances().present().get(mine.key.toString());
    boolean stands = there != null && mine.isOf(there);
    if (registration == null || mine.left) {
      return; // that nothing stands which should not is seen by looking at what stands
    }
    State state = registration.state();
    if (state == State.ACTIVE) {
      world.check(
          registration.instance().equals(there),
          () -> mine + " is active as " + registration.instance() + ", there is " + there);
      if (there != null) {
        world.check(
            registration.instance().weight() == there.weight(), () -> mine + " has old fields");
      }
    } else {
      world.check(
          state == State.FENCED || state == State.CLOSED, () -> mine + " is still " + state);
      world.check(!stands, () -> mine + " is " + state + " and stands there: " + there);
    }
    world.check(
        mine.isTold(state), () -> mine + " is " + state + ", yet its listener was told another");
  }

  /** Checks that nothing goes on, long after the end. */
  void checkOver() {
    world.check(
        host.isDead() || host.pending() == 0,
        () -> name() + " has " + host.pending() + " tasks on its timer after its end");
  }
}
