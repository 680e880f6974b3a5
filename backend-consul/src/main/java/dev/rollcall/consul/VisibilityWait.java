package dev.rollcall.consul;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Waits until a consistent read of the catalog shows what an agent was told. Usually the first one
 * does; further ones follow after 5 ms, 10 ms, and so on up to 250 ms, until the timeout.
 */
final class VisibilityWait {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(250);

  private final ConsulGateway gateway;
  private final ConsulBackendSettings settings;
  private final InstanceCodec codec;
  private final Timer timer;

  VisibilityWait(
      ConsulGateway gateway, ConsulBackendSettings settings, InstanceCodec codec, Timer timer) {
    this.gateway = gateway;
    this.settings = settings;
    this.codec = codec;
    this.timer = timer;
  }

  /** Completes when the catalog shows an instance, or with the lease's end where it never will. */
  CompletableFuture<Optional<LeaseEnd>> shown(RegisterRequest request, RegistrationBody body) {
    return shown(request, body, timer.nanoTime(), FIRST_PAUSE);
  }

  private CompletableFuture<Optional<LeaseEnd>> shown(
      RegisterRequest request, RegistrationBody body, long since, Duration pause) {
    InstanceKey key = request.instance().key();
    return gateway
        .health(key.service(), body.consulId(), ReadOptions.CONSISTENT)
        .answer()
        .thenCompose(
            read -> {
              if (read.value().stream().anyMatch(entry -> shows(entry, request, body))) {
                return CompletableFuture.completedFuture(Optional.<LeaseEnd>empty());
              }
              return gateway
                  .local(body.consulId())
                  .thenCompose(
                      local -> {
                        Optional<LeaseEnd> end = end(local, request.owner().id());
                        return end.isPresent()
                            ? CompletableFuture.completedFuture(end)
                            : after(since, pause, "does not show " + key + " yet")
                                .thenCompose(
                                    now -> shown(request, body, since, pause.multipliedBy(2)));
                      });
            });
  }

  /** Looks once whether the catalog shows an instance as it was written. */
  CompletableFuture<Boolean> isShown(RegisterRequest request, RegistrationBody body) {
    return gateway
        .health(request.instance().service(), body.consulId(), ReadOptions.CONSISTENT)
        .answer()
        .thenApply(read -> read.value().stream().anyMatch(entry -> is(entry, request, body)));
  }

  /** Completes when the catalog does not show an entry any more. */
  CompletableFuture<@Nullable Void> gone(InstanceKey key, ConsulServiceEntry was) {
    return gone(key, was, timer.nanoTime(), FIRST_PAUSE);
  }

  private CompletableFuture<@Nullable Void> gone(
      InstanceKey key, ConsulServiceEntry was, long since, Duration pause) {
    return gateway
        .health(key.service(), was.id(), ReadOptions.CONSISTENT)
        .answer()
        .thenCompose(
            read -> {
              boolean there =
                  read.value().stream()
                      .anyMatch(
                          entry ->
                              entry.id().equals(was.id())
                                  && entry.meta().equals(was.meta())
                                  && entry.port() == was.port());
              return there
                  ? after(since, pause, "still shows " + key)
                      .thenCompose(now -> gone(key, was, since, pause.multipliedBy(2)))
                  : CompletableFuture.<@Nullable Void>completedFuture(null);
            });
  }

  /** Returns how the lease of an owner has ended, by what its agent has. */
  static Optional<LeaseEnd> end(Optional<ConsulServiceEntry> local, String ownerId) {
    if (local.isEmpty()) {
      return Optional.of(LeaseEnd.REMOVED);
    }
    return ownerId.equals(Holding.ownerOf(local.get()))
        ? Optional.empty()
        : Optional.of(LeaseEnd.SUPERSEDED);
  }

  private boolean shows(ConsulServiceEntry entry, RegisterRequest request, RegistrationBody body) {
    return is(entry, request, body)
        && (body.ttl().isZero() || passes(entry, body.heartbeatId().orElseThrow()));
  }

  /** Tells whether an entry was written by a request, whatever its checks have found since. */
  private boolean is(ConsulServiceEntry entry, RegisterRequest request, RegistrationBody body) {
    ServiceInstance instance = request.instance();
    return entry.id().equals(body.consulId())
        && request.owner().id().equals(Holding.ownerOf(entry))
        && Long.toString(request.owner().epoch()).equals(entry.meta().get(Names.EPOCH))
        && codec.instance(instance.key(), entry).withHealth(instance.health()).equals(instance)
        && entry.checks().stream()
            .map(ConsulServiceEntry.Check::id)
            .filter(id -> id.startsWith(Names.CHECK))
            .allMatch(body.checkIds()::contains);
  }

  private static boolean passes(ConsulServiceEntry entry, String checkId) {
    return entry.checks().stream()
        .anyMatch(check -> check.id().equals(checkId) && check.health() == Health.PASSING);
  }

  private CompletableFuture<@Nullable Void> after(long since, Duration pause, String what) {
    if (timer.nanoTime() - since > settings.timeout().toNanos()) {
      return CompletableFuture.failedFuture(
          RegistryException.unavailable(settings + ": the catalog " + what, null));
    }
    CompletableFuture<@Nullable Void> passed = new CompletableFuture<>();
    timer.schedule(
        () -> passed.complete(null), pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE);
    return passed;
  }
}
