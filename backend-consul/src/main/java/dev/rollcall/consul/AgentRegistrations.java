package dev.rollcall.consul;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this client writes, through its agent.
 *
 * <p><b>Fencing.</b> Consul lets the last writer win. Each owner's TTL check has an ID of its own,
 * and a registration replaces all checks of its instance: so the heartbeat of one who was
 * superseded finds its check gone, within the same request that would have renewed it, and nothing
 * of his can keep the newcomer alive. The agent is then asked whose the instance is. Who would go
 * on ({@code CONTINUE}) or come alone ({@code EXCLUSIVE}) is compared with the owner at the agent
 * before he writes; between the two another may come, which his next heartbeat finds out.
 *
 * <p><b>Visible.</b> An agent answers before the catalogue shows what it was told, and without a
 * majority it answers all the same. So a verb completes when a consistent read shows its effect.
 *
 * <p>Verbs of one key run one after the other ({@link KeyedOrder}).
 */
final class AgentRegistrations {
  /** How often presence is asked for where the store needs no heartbeat. */
  static final Duration PRESENCE = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(ConsulBackend.class);

  private final ConsulGateway gateway;
  private final ConsulSettings settings;
  private final CatalogueProof proof;
  private final Timer timer;
  private final KeyedOrder order = new KeyedOrder();
  private final Map<InstanceKey, Holding> holdings = new ConcurrentHashMap<>();
  private final AtomicBoolean saidRounded = new AtomicBoolean();

  AgentRegistrations(
      ConsulGateway gateway, ConsulSettings settings, InstanceCodec codec, Timer timer) {
    this.gateway = gateway;
    this.settings = settings;
    this.proof = new CatalogueProof(gateway, settings, codec, timer);
    this.timer = timer;
  }

  CompletableFuture<Lease> register(RegisterRequest request, LeaseListener listener) {
    InstanceKey key = request.instance().key();
    sayRounded(request.liveness());
    RegistrationBody body = RegistrationBody.of(request);
    Supplier<CompletableFuture<Lease>> work =
        () -> {
          long since = timer.nanoTime();
          return mayClaim(request, body)
              .thenCompose(may -> write(body))
              .thenCompose(written -> proof.shown(request, body))
              .thenApply(end -> taken(request, body, listener, since, end));
        };
    return limited(key + ": ", order.then(key, work));
  }

  CompletableFuture<@Nullable Void> deregister(InstanceKey key, Owner owner) {
    Supplier<CompletableFuture<@Nullable Void>> work =
        () -> {
          Holding holding = holdings.get(key);
          if (holding != null && !owner.id().isEmpty() && owner.names(holding.ownerId())) {
            holding.release();
            holdings.remove(key, holding);
          }
          CompletableFuture<@Nullable Void> done = nothing();
          for (String consulId : Names.candidates(key)) {
            done = done.thenCompose(last -> remove(key, consulId, owner));
          }
          return done;
        };
    return limited(key + ": ", order.then(key, work));
  }

  private CompletableFuture<@Nullable Void> remove(InstanceKey key, String consulId, Owner owner) {
    return gateway
        .local(consulId)
        .thenCompose(
            found -> {
              boolean theirs =
                  found.isPresent()
                      && found.get().service().equals(key.service())
                      && owner.names(String.valueOf(Holding.ownerOf(found.get())));
              if (!theirs) {
                return nothing();
              }
              // Of another tool's, several nodes may show entries that look the same.
              return gateway
                  .deregister(consulId)
                  .thenCompose(
                      removed ->
                          InstanceCodec.isOurs(found.get())
                              ? proof.gone(key, found.get())
                              : nothing());
            });
  }

  private CompletableFuture<@Nullable Void> mayClaim(
      RegisterRequest request, RegistrationBody body) {
    if (request.claim() == Claim.TAKE_OVER) {
      // An agent registers what it refuses to be asked for, by the Unicode that it knows: such an
      // instance could not be removed, so it is asked first.
      return body.consulId().chars().allMatch(c -> c < 0x7f)
          ? nothing()
          : gateway.local(body.consulId()).thenCompose(known -> nothing());
    }
    InstanceKey key = request.instance().key();
    return gateway
        .local(body.consulId())
        .thenCompose(
            found -> {
              String owner = found.map(Holding::ownerOf).orElse(null);
              if (found.isEmpty() || request.owner().id().equals(owner)) {
                return nothing();
              }
              if (request.claim() == Claim.CONTINUE) {
                return CompletableFuture.failedFuture(taken(key));
              }
              return gateway
                  .health(key.service(), body.consulId(), Read.CONSISTENT)
                  .answer()
                  .thenCompose(
                      shown ->
                          shown.value().stream().anyMatch(AgentRegistrations::lives)
                              ? CompletableFuture.failedFuture(taken(key))
                              : nothing());
            });
  }

  private RegistryException taken(InstanceKey key) {
    return RegistryException.conflict(settings + ": " + key + " is another owner's");
  }

  private static boolean lives(ConsulServiceEntry entry) {
    return entry.checks().stream()
        .filter(check -> check.serviceId().equals(entry.id()))
        .filter(check -> !check.id().endsWith(":" + Health.CRITICAL))
        .allMatch(check -> check.health() != Health.CRITICAL);
  }

  /** Registers and starts the TTL, once more where the agent forgets in between. */
  private CompletableFuture<@Nullable Void> write(RegistrationBody body) {
    return gateway
        .register(body.json())
        .thenCompose(registered -> start(body))
        .thenCompose(
            known ->
                known
                    ? CompletableFuture.completedFuture(true)
                    : gateway.register(body.json()).thenCompose(again -> start(body)))
        .thenCompose(
            known ->
                known
                    ? nothing()
                    : CompletableFuture.failedFuture(
                        RegistryException.unavailable(
                            settings + ": the agent forgets what it is told", null)));
  }

  private CompletableFuture<Boolean> start(RegistrationBody body) {
    CompletableFuture<Boolean> started =
        body.ttl().isZero()
            ? CompletableFuture.completedFuture(true)
            : gateway.beat(body.checkId().orElseThrow(), Holding.alive(), settings.timeout());
    if (body.statedId().isEmpty()) {
      return started;
    }
    // Said once, so that an agent with a data folder remembers it over a restart.
    String stated = body.statedId().get();
    Health health = stated.endsWith(Health.WARNING.name()) ? Health.WARNING : Health.CRITICAL;
    return started.thenCompose(
        known ->
            known
                ? gateway.beat(stated, health, settings.timeout())
                : CompletableFuture.completedFuture(false));
  }

  private Lease taken(
      RegisterRequest request,
      RegistrationBody body,
      LeaseListener listener,
      long since,
      Optional<LeaseEnd> end) {
    InstanceKey key = request.instance().key();
    Holding last = holdings.get(key);
    Holding holding;
    if (last != null && last.ownerId().equals(request.owner().id()) && !last.isOver()) {
      holding = last;
      holding.replaced(body, listener, since);
    } else {
      holding = new Holding(key, request.owner(), body, listener, since);
      holdings.put(key, holding);
      if (last != null) {
        last.end(LeaseEnd.SUPERSEDED);
      }
    }
    end.ifPresent(why -> finish(holding, why));
    Duration ttl = body.ttl().isZero() ? PRESENCE : body.ttl();
    return new ConsulLease(ttl, () -> renew(holding));
  }

  private CompletableFuture<@Nullable Void> renew(Holding holding) {
    if (holding.isOver()) {
      return CompletableFuture.failedFuture(over(holding));
    }
    Supplier<CompletableFuture<@Nullable Void>> work =
        () -> {
          if (holding.isOver()) {
            return CompletableFuture.failedFuture(over(holding));
          }
          RegistrationBody body = holding.body();
          long since = timer.nanoTime();
          if (body.ttl().isZero() || holding.hasExpired(since)) {
            return compare(holding, holding.hasExpired(since), false);
          }
          return gateway
              .beat(body.checkId().orElseThrow(), Holding.alive(), holding.patience(since))
              .thenCompose(
                  known -> {
                    if (known) {
                      holding.renewed(since);
                      return nothing();
                    }
                    return compare(holding, false, true);
                  });
        };
    return limited(holding.key() + ": ", order.then(holding.key(), work));
  }

  /** Asks the agent whose the instance is. */
  private CompletableFuture<@Nullable Void> compare(
      Holding holding, boolean expired, boolean checkIsGone) {
    return gateway
        .local(holding.body().consulId())
        .thenCompose(
            local -> {
              Optional<LeaseEnd> end = CatalogueProof.end(local, holding.ownerId());
              if (end.isEmpty() && (expired || checkIsGone)) {
                end = Optional.of(expired ? LeaseEnd.EXPIRED : LeaseEnd.REMOVED);
              }
              if (end.isEmpty()) {
                return nothing();
              }
              finish(holding, end.get());
              return CompletableFuture.failedFuture(over(holding));
            });
  }

  private void finish(Holding holding, LeaseEnd why) {
    holdings.remove(holding.key(), holding);
    holding.end(why);
  }

  private RegistryException over(Holding holding) {
    return RegistryException.conflict(settings + ": the lease of " + holding.key() + " has ended");
  }

  private void sayRounded(Liveness liveness) {
    if (!(liveness instanceof Liveness.Permanent)
        && liveness.deregisterAfter().compareTo(RegistrationBody.LEAST_DEREGISTER_AFTER) < 0
        && saidRounded.compareAndSet(false, true)) {
      LOG.info(
          "{}: deregisterAfter {} is raised to {}, the least that Consul takes (said once)",
          settings,
          liveness.deregisterAfter(),
          RegistrationBody.LEAST_DEREGISTER_AFTER);
    }
  }

  private static CompletableFuture<@Nullable Void> nothing() {
    return CompletableFuture.completedFuture(null);
  }

  /** Gives a verb its deadline; what is under way then goes on, in its key's order. */
  private <T extends @Nullable Object> CompletableFuture<T> limited(
      String context, CompletableFuture<T> work) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Timer.Scheduled late =
        timer.schedule(
            () ->
                answer.completeExceptionally(
                    RegistryException.unavailable(
                        context
                            + settings
                            + ": not done within "
                            + settings.timeout().toMillis()
                            + " ms",
                        null)),
            settings.timeout());
    var unused =
        work.whenComplete(
            (value, failed) -> {
              late.cancel();
              if (failed == null) {
                answer.complete(value);
              } else {
                answer.completeExceptionally(
                    failed instanceof CompletionException wrapped && wrapped.getCause() != null
                        ? wrapped.getCause()
                        : failed);
              }
            });
    return answer;
  }
}
