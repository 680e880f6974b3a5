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
import dev.rollcall.spi.support.Futures;
import dev.rollcall.spi.support.KeyedSequencer;
import dev.rollcall.spi.support.PendingAnswers;
import dev.rollcall.spi.support.RetryBackoff;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registrations of this client, written through its agent.
 *
 * <p><b>Fencing.</b> Consul lets the last writer win. Each owner's TTL check has an ID of its own,
 * and a registration replaces all checks of its instance: so the heartbeat of a superseded owner
 * finds its check gone, within the same request that would have renewed it, and cannot keep the
 * newcomer alive. The client then asks the agent for the owner of the instance. A claim on a
 * condition ({@code CONTINUE}, {@code EXCLUSIVE}) is compared with the owner at the agent before it
 * is written. Another owner may register in between. The heartbeat that ends the registration
 * detects that, or the next one does. A superseded registration is never written again.
 *
 * <p><b>Visible.</b> An agent answers before the catalog shows the change, and also while the
 * servers have no majority. So a verb completes when a consistent read shows its effect.
 *
 * <p><b>Final.</b> The agent may carry out a registration after the client has given it up. So a
 * deregistration by that owner looks again until that is no longer possible ({@link
 * SentRegistrations}). It asks nothing where nothing was ever sent.
 *
 * <p><b>Order.</b> Registrations and deregistrations of one owner and key run one after the other
 * ({@code verbs}). What is asked of the agent for one key also does, for all owners ({@code
 * order}); a deregistration that waits until nothing can arrive leaves this turn meanwhile.
 */
final class AgentRegistrations implements AutoCloseable {
  /** How often presence is asked for where the store needs no heartbeat. */
  static final Duration PRESENCE = Duration.ofSeconds(30);

  /** How often at most, on average, an instance without a heartbeat is looked for. */
  private static final Duration LOOK = Duration.ofMillis(1_500);

  /** With many such instances they are looked for less often: at most 200 a second in all. */
  private static final Duration LOOK_SHARE = Duration.ofMillis(5);

  /** Within what time all renew that an agent may have lost. */
  private static final Duration RETURN = Duration.ofSeconds(1);

  /** Between two looks at what may be registered yet. */
  static final Duration AGAIN = Duration.ofMillis(500);

  private static final Logger LOG = LoggerFactory.getLogger(ConsulBackend.class);

  private final ConsulGateway gateway;
  private final ConsulBackendSettings settings;
  private final VisibilityWait proof;
  private final Timer timer;
  private final KeyedSequencer<Writer> verbs = new KeyedSequencer<>();
  private final KeyedSequencer<InstanceKey> order = new KeyedSequencer<>();
  private final PendingAnswers pending = new PendingAnswers();
  private final Map<InstanceKey, Holding> holdings = new ConcurrentHashMap<>();
  private final Map<Writer, SentRegistrations> written = new ConcurrentHashMap<>();
  private final AtomicBoolean saidRounded = new AtomicBoolean();
  private volatile boolean closed; // set once

  private record Writer(InstanceKey key, String ownerId) {}

  AgentRegistrations(
      ConsulGateway gateway, ConsulBackendSettings settings, InstanceCodec codec, Timer timer) {
    this.gateway = gateway;
    this.settings = settings;
    this.proof = new VisibilityWait(gateway, settings, codec, timer);
    this.timer = timer;
    gateway.onReturn(this::renewAll);
  }

  CompletableFuture<Lease> register(RegisterRequest request, LeaseListener listener) {
    InstanceKey key = request.instance().key();
    sayRounded(request.liveness());
    RegistrationBody body = RegistrationBody.of(request);
    Writer writer = new Writer(key, request.owner().id());
    CompletableFuture<Lease> answer = new CompletableFuture<>();
    Supplier<CompletableFuture<Lease>> work =
        () -> {
          if (answer.isDone()) { // given up before its turn
            return answer;
          }
          long since = timer.nanoTime();
          SentRegistrations sent =
              written.computeIfAbsent(writer, first -> new SentRegistrations());
          return mayClaim(request, body)
              .thenCompose(may -> write(request, body, sent, answer))
              .thenCompose(done -> proof.shown(request, body))
              .thenCompose(end -> won(request, end))
              .thenApply(end -> taken(request, body, listener, since, end, sent))
              .whenComplete((lease, failed) -> forgetIfRefused(writer, sent, failed));
        };
    limit(key, settings.timeout(), answer);
    verbs.run(writer, answer, () -> order.run(key, work));
    return answer;
  }

  /** An owner that was refused does not deregister, so its record goes, unless it is in doubt. */
  private void forgetIfRefused(Writer writer, SentRegistrations sent, @Nullable Throwable failed) {
    if (failed != null && !isUnavailable(failed) && !sent.isInDoubt()) {
      written.remove(writer, sent);
    }
  }

  private static boolean isUnavailable(Throwable failed) {
    Throwable cause = Futures.cause(failed);
    return !(cause instanceof RegistryException known)
        || known.kind() == RegistryException.Kind.UNAVAILABLE;
  }

  CompletableFuture<@Nullable Void> deregister(InstanceKey key, Owner owner) {
    Writer writer = new Writer(key, owner.id());
    SentRegistrations before = written.get(writer);
    Duration limit =
        before != null && before.isInDoubt()
            ? SentRegistrations.SETTLING.plus(settings.timeout().multipliedBy(2))
            : settings.timeout();
    CompletableFuture<@Nullable Void> answer = new CompletableFuture<>();
    limit(key, limit, answer);
    verbs.run(
        writer,
        answer,
        () -> {
          removeForGood(writer, owner, answer);
          return answer;
        });
    return answer;
  }

  /**
   * Removes, and again until no earlier registration can arrive any more. Each look is in the key's
   * turn, which is free between two of them: another owner does not wait until this one is settled.
   */
  private void removeForGood(Writer writer, Owner owner, CompletableFuture<@Nullable Void> answer) {
    var unused =
        order
            .run(
                writer.key(),
                () ->
                    answer.isDone()
                        ? CompletableFuture.completedFuture(true)
                        : removeOnce(writer, owner))
            .whenComplete(
                (settled, failed) -> {
                  if (failed != null) {
                    answer.completeExceptionally(Futures.cause(failed));
                  } else if (settled) {
                    answer.complete(null);
                  } else {
                    timer.schedule(() -> removeForGood(writer, owner, answer), AGAIN);
                  }
                });
  }

  /** Completes with whether no earlier registration of the owner can arrive any more. */
  private CompletableFuture<Boolean> removeOnce(Writer writer, Owner owner) {
    InstanceKey key = writer.key();
    Holding holding = holdings.get(key);
    if (holding != null && !owner.id().isEmpty() && owner.names(holding.ownerId())) {
      holding.release();
      holdings.remove(key, holding);
    }
    SentRegistrations sent = written.get(writer);
    if (sent == null) {
      return removeAll(key, owner).thenApply(gone -> true);
    }
    long began = timer.nanoTime();
    CompletableFuture<@Nullable Void> gone =
        sent.ever()
            ? removeAll(key, owner).whenComplete((none, failed) -> heard(sent, began, failed))
            : nothing();
    return gone.thenApply(
        none -> {
          boolean settled = !sent.isInDoubt();
          if (settled) {
            written.remove(writer, sent);
          }
          return settled;
        });
  }

  private CompletableFuture<@Nullable Void> removeAll(InstanceKey key, Owner owner) {
    CompletableFuture<@Nullable Void> done = nothing();
    for (String consulId : Names.candidates(key)) {
      done = done.thenCompose(last -> remove(key, consulId, owner));
    }
    return done;
  }

  private void heard(SentRegistrations sent, long began, @Nullable Throwable failed) {
    if (failed == null) {
      sent.heard(began, timer.nanoTime());
    } else {
      sent.silent();
    }
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
              // Entries of other tools may look the same on several nodes, so only ours are
              // awaited.
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
      // An agent takes some Unicode names that it refuses in later questions. Such an instance
      // could not be removed, so the agent is asked first.
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
                  .health(key.service(), body.consulId(), ReadOptions.CONSISTENT)
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

  /**
   * Registers and starts the TTL. Where the agent does not know the check afterwards, either
   * another owner has registered in between, which is left as it is, or the agent has forgotten the
   * registration, which is then sent once more.
   */
  private CompletableFuture<@Nullable Void> write(
      RegisterRequest request,
      RegistrationBody body,
      SentRegistrations sent,
      CompletableFuture<?> answer) {
    return writeOnce(request, body, sent, answer)
        .thenCompose(
            kept ->
                kept
                    ? CompletableFuture.completedFuture(true)
                    : writeOnce(request, body, sent, answer))
        .thenCompose(
            kept ->
                kept
                    ? nothing()
                    : CompletableFuture.failedFuture(
                        RegistryException.unavailable(
                            settings + ": the agent forgets what it is told", null)));
  }

  private static boolean isAnothers(Optional<ConsulServiceEntry> local, Owner owner) {
    return VisibilityWait.end(local, owner.id()).equals(Optional.of(LeaseEnd.SUPERSEDED));
  }

  /** Completes with false where the agent has forgotten what it was told. */
  private CompletableFuture<Boolean> writeOnce(
      RegisterRequest request,
      RegistrationBody body,
      SentRegistrations sent,
      CompletableFuture<?> answer) {
    if (answer.isDone()) { // given up in the meantime
      return answer.thenApply(given -> false);
    }
    return send(body, sent)
        .thenCompose(registered -> start(body))
        .thenCompose(
            known ->
                known
                    ? CompletableFuture.completedFuture(true)
                    : gateway
                        .local(body.consulId())
                        .thenApply(local -> isAnothers(local, request.owner())));
  }

  private CompletableFuture<Boolean> send(RegistrationBody body, SentRegistrations sent) {
    SentRegistrations.Attempt attempt = sent.new Attempt();
    return gateway
        .register(body.json(), attempt)
        .whenComplete((done, failed) -> attempt.end(failed == null || !isUnavailable(failed)));
  }

  private CompletableFuture<Boolean> start(RegistrationBody body) {
    CompletableFuture<Boolean> started =
        body.ttl().isZero()
            ? CompletableFuture.completedFuture(true)
            : gateway.beat(body.heartbeatId().orElseThrow(), Holding.alive(), settings.timeout());
    if (body.statedId().isEmpty()) {
      return started;
    }
    // Stated once, so that an agent with a data folder keeps it over a restart.
    String stated = body.statedId().get();
    Health health = stated.endsWith(Health.WARNING.name()) ? Health.WARNING : Health.CRITICAL;
    return started.thenCompose(
        known ->
            known
                ? gateway.beat(stated, health, settings.timeout())
                : CompletableFuture.completedFuture(false));
  }

  /**
   * Fails a conditional claim that another owner has overtaken before its answer. A takeover that
   * was overtaken succeeds, and its lease is over at once.
   */
  private CompletableFuture<Optional<LeaseEnd>> won(
      RegisterRequest request, Optional<LeaseEnd> end) {
    boolean lost =
        request.claim() != Claim.TAKE_OVER && end.equals(Optional.of(LeaseEnd.SUPERSEDED));
    return lost
        ? CompletableFuture.failedFuture(taken(request.instance().key()))
        : CompletableFuture.completedFuture(end);
  }

  private Lease taken(
      RegisterRequest request,
      RegistrationBody body,
      LeaseListener listener,
      long since,
      Optional<LeaseEnd> end,
      SentRegistrations sent) {
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
      lookLater(holding);
    }
    end.ifPresent(why -> finish(holding, why));
    if (sent.isInDoubt()) {
      defend(request, body, holding, sent);
    }
    Duration ttl = body.ttl().isZero() ? PRESENCE : body.ttl();
    return new ConsulLease(ttl, () -> renew(holding));
  }

  /**
   * Writes the registration again where an earlier one of the same owner, which was given up and
   * ran late, has overwritten it. Looks until none can run any more. It reads out of turn, so that
   * it holds up no heartbeat while the agent is silent.
   */
  private void defend(
      RegisterRequest request, RegistrationBody body, Holding holding, SentRegistrations sent) {
    Runnable look =
        () -> {
          if (!stands(holding, body)) {
            return;
          }
          long began = timer.nanoTime();
          var unused =
              proof
                  .isShown(request, body)
                  .whenComplete((shown, failed) -> heard(sent, began, failed))
                  .thenCompose(
                      shown ->
                          shown
                              ? CompletableFuture.completedFuture(true)
                              : again(request, body, holding, sent))
                  .whenComplete(
                      (kept, failed) -> {
                        if (sent.isInDoubt() || (failed == null && !kept)) {
                          defend(request, body, holding, sent);
                        }
                      });
        };
    timer.schedule(look, AGAIN);
  }

  private boolean stands(Holding holding, RegistrationBody body) {
    return !closed && !holding.isOver() && holding.body().equals(body);
  }

  private CompletableFuture<Boolean> again(
      RegisterRequest request, RegistrationBody body, Holding holding, SentRegistrations sent) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    Supplier<CompletableFuture<Boolean>> work =
        () -> {
          if (!stands(holding, body)) {
            return CompletableFuture.completedFuture(true);
          }
          return gateway
              .local(body.consulId())
              .thenCompose(
                  local ->
                      VisibilityWait.end(local, holding.ownerId()).isEmpty()
                          ? writeOnce(request, body, sent, answer)
                          : CompletableFuture.completedFuture(true)); // a renewal finds that out
        };
    return inTurn(holding.key(), settings.timeout(), answer, work);
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
              .beat(body.heartbeatId().orElseThrow(), Holding.alive(), holding.patience(since))
              .thenCompose(
                  known -> {
                    if (known) {
                      holding.renewed(since);
                      return nothing();
                    }
                    return compare(holding, false, true);
                  });
        };
    long began = timer.nanoTime();
    SentRegistrations sent = written.get(new Writer(holding.key(), holding.ownerId()));
    Supplier<CompletableFuture<@Nullable Void>> heard =
        sent == null || !sent.isInDoubt()
            ? work
            : () -> work.get().whenComplete((beat, failed) -> heard(sent, began, failed));
    return inTurn(holding.key(), settings.timeout(), new CompletableFuture<>(), heard);
  }

  /**
   * Looks for an instance without a heartbeat from time to time, for as long as it is held. It
   * looks out of turn, so that a silent agent holds up no verb; a renewal in turn confirms what is
   * missing.
   */
  private void lookLater(Holding holding) {
    Duration share = LOOK_SHARE.multipliedBy(holdings.size());
    Duration pause = share.compareTo(LOOK) > 0 ? share : LOOK;
    Runnable look =
        () -> {
          if (closed || holding.isOver()) {
            return;
          }
          if (!holding.body().ttl().isZero() || gateway.isLost()) {
            lookLater(holding);
            return;
          }
          var unused =
              gateway
                  .local(holding.body().consulId())
                  .thenCompose(
                      local ->
                          VisibilityWait.end(local, holding.ownerId()).isEmpty()
                              ? nothing()
                              : renew(holding))
                  .whenComplete((looked, failed) -> lookLater(holding));
        };
    timer.schedule(look, RetryBackoff.spread(pause));
  }

  /** Renews all after a silence, in which the agent may have lost them; spread over a second. */
  private void renewAll() {
    long span = Math.max(RETURN.toMillis(), holdings.size());
    for (Holding holding : holdings.values()) {
      Duration wait = Duration.ofMillis(ThreadLocalRandom.current().nextLong(span));
      timer.schedule(
          () -> {
            if (!closed && !holding.isOver()) {
              CompletableFuture<@Nullable Void> unused = renew(holding);
            }
          },
          wait);
    }
  }

  /** Asks the agent for the owner of the instance. */
  private CompletableFuture<@Nullable Void> compare(
      Holding holding, boolean expired, boolean checkIsGone) {
    return gateway
        .local(holding.body().consulId())
        .thenCompose(
            local -> {
              Optional<LeaseEnd> end = VisibilityWait.end(local, holding.ownerId());
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
    if (why == LeaseEnd.SUPERSEDED) {
      written.remove(new Writer(holding.key(), holding.ownerId()));
    }
    holding.end(why);
  }

  private RegistryException over(Holding holding) {
    return RegistryException.conflict(settings + ": the lease of " + holding.key() + " has ended");
  }

  private void sayRounded(Liveness liveness) {
    if (!(liveness instanceof Liveness.Permanent)
        && liveness.deregisterAfter().compareTo(RegistrationBody.MIN_DEREGISTER_AFTER) < 0
        && saidRounded.compareAndSet(false, true)) {
      LOG.info(
          "{}: deregisterAfter {} is raised to {}, the least that Consul takes (said once)",
          settings,
          liveness.deregisterAfter(),
          RegistrationBody.MIN_DEREGISTER_AFTER);
    }
  }

  private static CompletableFuture<@Nullable Void> nothing() {
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Gives a verb its deadline and its turn. One that is given up before its turn is never begun;
   * what is under way then goes on, in its key's order.
   */
  private <T extends @Nullable Object> CompletableFuture<T> inTurn(
      InstanceKey key,
      Duration limit,
      CompletableFuture<T> answer,
      Supplier<CompletableFuture<T>> work) {
    limit(key, limit, answer);
    order.run(key, answer, work);
    return answer;
  }

  private void limit(InstanceKey key, Duration limit, CompletableFuture<?> answer) {
    String context = key + ": " + settings;
    Timer.Scheduled late =
        timer.schedule(
            () ->
                answer.completeExceptionally(
                    RegistryException.unavailable(
                        context + ": not done within " + limit.toMillis() + " ms", null)),
            limit);
    var unused = answer.whenComplete((value, failed) -> late.cancel());
    pending.add(answer, () -> RegistryException.unavailable(context + ": closed", null));
  }

  /** Ends all verbs under way, including those that wait for their turn or their time. */
  @Override
  public void close() {
    closed = true;
    pending.close();
  }
}
