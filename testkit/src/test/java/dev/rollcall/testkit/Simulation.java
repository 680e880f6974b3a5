package dev.rollcall.testkit;

import dev.rollcall.Liveness;
import dev.rollcall.Registration.State;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.Bytes;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One history: two to four processes on one store, some hundred things that applications do and
 * that go wrong, then a time in which all is well, and the end of all of them. What must be so is
 * checked by what the store held and what the application was told, never by the engine's own word.
 *
 * <p>Where the seed is below zero applications hold views of keys, too. Those histories are apart,
 * so that the others stay what they were when they showed a fault.
 */
final class Simulation {
  /** Long enough for every back-off, lease, late request and held instance to be over. */
  private static final long CALM = SimulatedWorld.millis(75_000);

  /** Long enough for every task that the engine has left on a timer. */
  private static final long AFTERWARDS = SimulatedWorld.millis(125_000);

  /** How a history went. */
  record Outcome(long seed, long hash, List<String> violations) {
    @Override
    public String toString() {
      return "seed "
          + seed
          + ":\n  "
          + String.join("\n  ", violations)
          + "\nreplay it, with all that happens, by: mvn verify -pl testkit -am"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dtest=SimulationTest -Dsimulation.seed="
          + seed;
    }
  }

  private final SimulatedWorld world;
  private final SimulatedTwist twist;
  private final SimulatedStore store;
  private final boolean wholeStates;
  private final boolean viewsKeys;
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final List<SimulatedClient> former = new ArrayList<>();
  private final Map<Integer, SimulatedRegistration> byPort = new HashMap<>();
  private int hosts;
  private int left;

  private Simulation(long seed, SimulatedTwist twist, @Nullable List<String> story) {
    this.world = new SimulatedWorld(seed, story);
    this.twist = twist;
    this.store =
        new SimulatedStore(world, new SimulatedHost(world, hosts++), world.chance(0.5), twist);
    this.wholeStates = world.chance(0.3);
    this.viewsKeys = seed < 0;
    this.left = world.random.nextInt(50, 130);
    store.instances().audit(this::audit);
  }

  static Outcome run(long seed, SimulatedTwist twist) {
    return new Simulation(seed, twist, null).run();
  }

  /** Runs one and keeps what happens. */
  static Outcome run(long seed, List<String> story) {
    return new Simulation(seed, SimulatedTwist.NONE, story).run();
  }

  private Outcome run() {
    int wanted = world.random.nextInt(2, 5);
    for (int i = 0; i < wanted; i++) {
      clients.add(open());
    }
    world.after(0, null, this::next);
    while (left > 0 || world.isBlocked()) {
      world.run(SimulatedWorld.millis(1000));
    }
    heal();
    world.run(CALM);
    clients.forEach(SimulatedClient::checkConverged);
    checkStanding();
    stir();
    world.run(SimulatedWorld.millis(15_000));
    clients.forEach(SimulatedClient::checkConverged);
    clients.forEach(client -> client.close(true));
    former.addAll(clients);
    clients.clear();
    world.run(AFTERWARDS);
    former.forEach(SimulatedClient::checkOver);
    checkStanding();
    return new Outcome(world.seed, world.hash(), world.violations());
  }

  private SimulatedClient open() {
    SimulatedHost host = new SimulatedHost(world, hosts++);
    world.tell(() -> "client " + host.number() + " begins");
    return new SimulatedClient(world, host, store, twist, wholeStates, byPort);
  }

  private void next() {
    if (--left > 0) {
      world.after(world.between(0, world.chance(0.1) ? 6000 : 700), null, this::next);
      act();
    }
  }

  private void act() {
    SimulatedClient client = world.oneOf(clients);
    if (client.host().isStalled()) {
      return;
    }
    switch (world.random.nextInt(viewsKeys ? 36 : 31)) {
      case 0, 1, 2, 3 -> client.register();
      case 4, 5 -> client.update();
      case 6, 7 -> client.deregister();
      case 8 -> client.remove();
      case 9 -> client.snapshot();
      case 10, 11 -> client.watch();
      case 12 -> client.watchCatalog();
      case 13 -> client.watchKeys();
      case 14 -> client.unwatch();
      case 15 -> client.put();
      case 16 -> client.compareAndSet();
      case 17 -> client.sicken();
      case 18 -> client.fail();
      case 19, 20 -> client.look();
      case 21 -> replace(client);
      case 31, 32 -> client.viewKeys();
      case 33, 34 -> client.put();
      case 35 -> client.look();
      default -> harm(client);
    }
  }

  /** Ends a process, well or badly, and begins another one. */
  private void replace(SimulatedClient client) {
    if (client.isBlocked() || !world.canBlock()) {
      return;
    }
    clients.set(clients.indexOf(client), open());
    former.add(client);
    if (world.chance(0.4)) {
      client.crash();
    } else {
      client.close(false);
    }
  }

  private void harm(SimulatedClient client) {
    switch (world.random.nextInt(10)) {
      case 0 -> {
        world.tell(() -> "client " + client.host().number() + " is cut off");
        client.cutOff(true);
        world.after(world.between(300, 12_000), null, () -> client.cutOff(false));
      }
      case 1 -> {
        world.tell(() -> "streams of client " + client.host().number() + " are cut");
        client.cutStreams();
      }
      case 2 -> {
        world.tell(() -> "compaction");
        store.instances().compact();
        store.keys().compact();
        client.cutStreams();
      }
      case 3 -> store.wipe();
      case 4 -> {
        long nanos = world.between(300, 8000);
        world.tell(() -> "the store stands still until " + (world.now() + nanos) / 1e9);
        store.stall(nanos);
      }
      case 5 -> {
        if (!client.isBlocked()) {
          long nanos = world.between(300, 15_000);
          world.tell(
              () ->
                  "client "
                      + client.host().number()
                      + " stands still until "
                      + (world.now() + nanos) / 1e9);
          client.host().stall(nanos);
        }
      }
      case 6 -> {
        world.tell(() -> "the store is busy");
        store.busy();
        world.after(world.between(300, 6000), null, store::heal);
      }
      case 7 -> {
        world.tell(() -> "the store refuses");
        store.deny();
        world.after(world.between(300, 3000), null, store::heal);
      }
      default -> {
        double losses = world.random.nextDouble(0.1, 0.9);
        world.tell(() -> "client " + client.host().number() + " loses " + losses);
        client.losses(losses);
        world.after(world.between(1000, 10_000), null, () -> client.losses(0));
      }
    }
  }

  private void heal() {
    world.tell(() -> "all is well from now on");
    store.heal();
    long last = store.host().stalledUntil();
    for (SimulatedClient client : clients) {
      client.cutOff(false);
      client.losses(0);
      last = Math.max(last, client.host().stalledUntil());
    }
    world.run(Math.max(0, last - world.now()));
    world.sick.clear();
  }

  /** Changes everything once more, so that a stream that is dead shows. */
  private void stir() {
    for (String service : SimulatedClient.SERVICES) {
      ServiceInstance instance =
          ServiceInstance.builder(service).id("last").address("10.1.1.1", 9).build();
      store.register(
          new RegisterRequest(
              instance, Liveness.permanent(), new Owner("last " + service, 1), Claim.TAKE_OVER),
          end -> {},
          store.send());
    }
    for (String key : SimulatedClient.KEYS) {
      store.keysInside().put(key, Bytes.ofText("last")).toCompletableFuture().join();
    }
  }

  /** What has left, and the store has confirmed it, does not come back; nobody takes over twice. */
  private void audit(InstanceEvent event) {
    if (event instanceof InstanceEvent.Put put) {
      SimulatedRegistration mine = byPort.get(put.instance().port());
      if (mine != null) {
        ServiceInstance before = store.instances().present().get(mine.key.toString());
        world.check(!mine.gone, () -> mine + " was gone and is back");
        world.check(
            before == null || mine.isOf(before) || !mine.acknowledged,
            () -> mine + " was superseded and takes over again from " + before);
      }
    }
  }

  /** Each instance stands there for somebody. */
  private void checkStanding() {
    for (ServiceInstance instance : store.instances().present().values()) {
      SimulatedRegistration mine = byPort.get(instance.port());
      if (mine != null && !mine.mayStay) {
        world.check(
            !mine.left && mine.registration != null && mine.registration.state() == State.ACTIVE,
            () -> mine + " stands there, and nobody wants it: " + instance);
      }
    }
  }
}
