package dev.rollcall.cli;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.BackendUri;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * The main job, played through once on a real store with real servers. It knows no store: what it
 * expects holds for all of them. Used once, by one thread; a shutdown hook may tidy up beside it.
 */
final class Demo {
  private static final Duration TTL = Duration.ofSeconds(2);
  private static final Duration CHECK_EVERY = Duration.ofSeconds(1);

  /** A view asks instances that went unannounced whether they live, and again after this time. */
  private static final Duration ASKED_AGAIN = Duration.ofSeconds(10);

  /** More than any deadline that a store or the registry has. */
  private static final Duration ANSWER = Duration.ofSeconds(20);

  private static final int PICKS = 10_000;

  private final Screen screen;
  private final String uri;
  private final ChangeLog log;
  private final String orders;
  private final String payments;
  private final InstanceKey mortal;
  private final Duration deadline;
  private final Map<InstanceKey, DemoServer> servers = new ConcurrentHashMap<>();
  private final List<Registration> registrations = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private int registered;
  private volatile boolean interrupted;

  Demo(Screen screen, String uri, String run, Duration deadline) {
    this.screen = screen;
    this.uri = uri;
    this.deadline = deadline;
    this.log = new ChangeLog(screen);
    this.orders = "demo-orders-" + run;
    this.payments = "demo-payments-" + run;
    this.mortal = new InstanceKey(orders, "orders-3");
  }

  /** Plays it through; false where an instance was lost on the way. */
  boolean run() {
    try (Registry registry = Registry.open(uri);
        MortalOwner owner = MortalOwner.open(uri)) {
      screen.text("Rollcall demo on " + BackendUri.parse(uri));
      Thread hook =
          new Thread(
              () -> {
                interrupted = true;
                tidyUp(registry, owner);
              },
              "demo-interrupted");
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        return play(registry, owner);
      } catch (RuntimeException failed) {
        throw interrupted ? new DemoException("interrupted") : failed;
      } finally {
        if (!interrupted) {
          Runtime.getRuntime().removeShutdownHook(hook);
        }
        tidyUp(registry, owner);
      }
    } finally {
      servers.values().forEach(DemoServer::close);
    }
  }

  private boolean play(Registry registry, MortalOwner owner) {
    ServiceView orderView = registry.service(orders);
    ServiceView paymentView = registry.service(payments);
    watch(orderView, paymentView);
    register(registry, owner);
    lookUpAndCall(orderView, paymentView);
    update(registrations.get(0));
    kill(owner, orderView);
    rollCall(registry);
    deregister(registry);
    boolean good = log.lost() == 0 && log.expired() == 1;
    screen.result(
        good,
        String.format(
            "demo: %d registered, %d changes seen, %d expired, %d lost",
            registered, log.changes(), log.expired(), log.lost()));
    return good;
  }

  private void watch(ServiceView... views) {
    screen.heading(
        "watch",
        "two services; each line with a mark is one change, as a listener was told of it,",
        "with the time from the start of what caused it to the listener's callback");
    for (ServiceView view : views) {
      view.await(deadline);
      view.watch(log);
    }
  }

  private void register(Registry registry, MortalOwner owner) {
    screen.heading(
        "register",
        "five HTTP servers: orders-2 and payments-2 with an HTTP check (critical until its",
        "first answer), the others with a heartbeat (TTL " + TTL.toSeconds() + " s)");
    keep(registry, serve(orders, "orders-1"), Liveness.heartbeat(TTL));
    keep(registry, serve(orders, "orders-2"), httpCheck(orders, "orders-2"));
    ServiceInstance third = serve(orders, mortal.id());
    log.starting(mortal);
    get(owner.register(third, Liveness.heartbeat(TTL)));
    confirm(mortal);
    keep(registry, serve(payments, "payments-1"), Liveness.heartbeat(TTL));
    keep(registry, serve(payments, "payments-2"), httpCheck(payments, "payments-2"));
  }

  private ServiceInstance serve(String service, String id) {
    DemoServer server = DemoServer.start(id);
    servers.put(new InstanceKey(service, id), server);
    return ServiceInstance.builder(service)
        .id(id)
        .address(server.host(), server.port())
        .tag("v1")
        .build();
  }

  private Liveness httpCheck(String service, String id) {
    return Liveness.httpCheck(server(new InstanceKey(service, id)).health(), CHECK_EVERY);
  }

  private void keep(Registry registry, ServiceInstance instance, Liveness liveness) {
    log.starting(instance.key());
    registrations.add(get(registry.register(instance, liveness)));
    confirm(instance.key());
  }

  private void confirm(InstanceKey key) {
    log.await(key, "passing", deadline, is -> is.health() == Health.PASSING);
    log.expect(key);
    registered++;
  }

  private void lookUpAndCall(ServiceView... views) {
    screen.heading("look up", "and call the one that was picked");
    for (ServiceView view : views) {
      answer(view.pick());
    }
  }

  private void answer(ServiceInstance picked) {
    screen.text("    " + picked.id() + " answers: " + call(picked));
  }

  private String call(ServiceInstance target) {
    URI address =
        URI.create(target.scheme() + "://" + target.host() + ":" + target.port() + "/greeting");
    HttpRequest request = HttpRequest.newBuilder(address).timeout(deadline).build();
    HttpResponse<String> answer;
    try {
      answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException failed) {
      throw new DemoException(target.id() + " was picked and cannot be called: " + failed);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted while calling " + target.id());
    }
    if (answer.statusCode() != 200 || !answer.body().startsWith("hello from " + target.id())) {
      throw new DemoException(
          target.id() + " was called and somebody else has answered: " + answer.body());
    }
    return answer.statusCode() + " " + answer.body();
  }

  private void update(Registration registration) {
    screen.heading("update", "all fields at once; watchers see one update");
    ServiceInstance next = registration.instance().toBuilder().tag("v2").weight(3).build();
    log.starting(next.key());
    get(registration.update(next));
    log.await(next.key(), "updated", deadline, is -> is.tags().equals(next.tags()));
  }

  private void kill(MortalOwner owner, ServiceView view) {
    screen.heading(
        "kill",
        mortal.id() + ": its server is closed, its heartbeat stops, and nobody tells the registry;",
        "until its TTL has passed a look-up may still return it, afterwards none does");
    log.dying(mortal);
    server(mortal).close();
    owner.kill();
    log.awaitNotPassing(mortal, TTL.plus(deadline));
    Map<String, Integer> picks = new TreeMap<>();
    for (int i = 0; i < PICKS; i++) {
      picks.merge(view.pick().id(), 1, Integer::sum);
    }
    if (picks.containsKey(mortal.id())) {
      throw new DemoException(mortal.id() + " is dead and was picked all the same: " + picks);
    }
    screen.text("    " + PICKS + " picks: " + shown(picks) + ", " + mortal.id() + " 0");
    answer(view.pick());
  }

  private static String shown(Map<String, Integer> picks) {
    return picks.entrySet().stream()
        .map(pick -> pick.getKey() + " " + pick.getValue())
        .collect(Collectors.joining(", "));
  }

  /** Compares who has to be there with what the views show, and with the store itself. */
  private void rollCall(Registry registry) {
    for (InstanceKey key : log.expected()) {
      Snapshot view = registry.service(key.service()).snapshot();
      Snapshot store = get(registry.snapshot(key.service()));
      if (!passes(view, key) || !passes(store, key)) {
        log.missing(key);
      }
    }
  }

  private static boolean passes(Snapshot state, InstanceKey key) {
    return state.find(key.id()).filter(is -> is.health() == Health.PASSING).isPresent();
  }

  private void deregister(Registry registry) {
    screen.heading("deregister", "the rest, and what is left of " + mortal.id());
    for (Registration registration : registrations) {
      InstanceKey key = registration.instance().key();
      log.leaving(key);
      get(registration.deregister());
      server(key).close(); // leave first, stop afterwards
      // A store that cannot tell a departure from a loss may have it held for a round.
      log.awaitGone(key, deadline.plus(ASKED_AGAIN));
    }
    if (get(registry.snapshot(orders)).find(mortal.id()).isPresent()) {
      log.leaving(mortal);
      get(registry.deregister(mortal));
    }
    log.awaitGone(mortal, deadline);
    for (String service : List.of(orders, payments)) {
      Snapshot left = get(registry.snapshot(service));
      if (!left.all().isEmpty()) {
        throw new DemoException("the store still holds " + left.all());
      }
    }
  }

  /** Leaves nothing behind, however far the demo came. */
  private void tidyUp(Registry registry, MortalOwner owner) {
    owner.kill();
    try {
      if (servers.containsKey(mortal)) {
        get(registry.deregister(mortal));
      }
    } catch (RegistryException | DemoException | IllegalStateException failed) {
      // The registry is closed, or its store gone, which forgets the dead one by itself.
    } finally {
      registry.close();
    }
  }

  private DemoServer server(InstanceKey key) {
    DemoServer server = servers.get(key);
    if (server == null) {
      throw new IllegalStateException(key + " has no server");
    }
    return server;
  }

  /** Waits for an answer of the store, which has a deadline of its own. */
  private static <T> T get(CompletableFuture<T> answer) {
    try {
      return answer.get(ANSWER.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof RegistryException known
          ? known
          : new CompletionException(failed.getCause());
    } catch (TimeoutException never) {
      throw new DemoException("the store has not answered within its own deadline");
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted while waiting for the store");
    }
  }
}
