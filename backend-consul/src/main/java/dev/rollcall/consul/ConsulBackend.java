package dev.rollcall.consul;

import static java.util.Objects.requireNonNull;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The registry on Consul, through one agent. It is made by {@link ConsulBackendProvider}, usually
 * through {@code Registry.open("consul://…")}. Name this class only to read Consul's own entries.
 *
 * <p>It takes at most 28 threads and 28 connections, whatever is watched and registered; both come
 * and go with the work. Thread-safe.
 *
 * @since 0.1.0
 */
public final class ConsulBackend implements RegistryBackend {
  private static final Capabilities CAPABILITIES =
      new Capabilities(true, false, false, true, Duration.ofSeconds(2));

  private final ConsulBackendSettings settings;
  private final ConsulGateway gateway;
  private final InstanceCodec codec = new InstanceCodec();
  private final AgentRegistrations registrations;
  private final Watches watches;

  ConsulBackend(ConsulBackendSettings settings, Timer timer) {
    this.settings = settings;
    gateway = new ConsulGateway(settings, timer);
    registrations = new AgentRegistrations(gateway, settings, codec, timer);
    watches = new Watches(gateway, settings, codec, timer);
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    return registrations.register(request, requireNonNull(listener, "listener"));
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return registrations.deregister(key, owner);
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    return watches.watch(selector, requireNonNull(sink, "sink"));
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return selector instanceof Selector.OfService one
        ? listing(one.name())
        : gateway
            .services(settings.read())
            .answer()
            .thenCompose(
                names ->
                    all(List.copyOf(codec.services(names.value()).keySet()), 0, names.index()));
  }

  /**
   * Reads all that Consul says of a service's instances, those included that are no instance in
   * Rollcall's sense.
   *
   * @param service the service's name
   * @return completes with the entries, empty where there is no such service; with a {@link
   *     dev.rollcall.RegistryException} where Consul cannot be read
   */
  public CompletableFuture<List<ConsulServiceEntry>> entries(String service) {
    return gateway.health(service, settings.read()).answer().thenApply(Indexed::value);
  }

  /**
   * Asks the agent itself for one of its own instances. Its answer has the content hash, and
   * neither node nor checks.
   *
   * @param key the instance
   * @return completes with the entry, empty where this agent has none; with a {@link
   *     dev.rollcall.RegistryException} where it cannot be asked
   */
  public CompletableFuture<Optional<ConsulServiceEntry>> local(InstanceKey key) {
    CompletableFuture<Optional<ConsulServiceEntry>> found =
        CompletableFuture.completedFuture(Optional.empty());
    for (String consulId : Names.candidates(key)) {
      found =
          found.thenCompose(
              last ->
                  last.isPresent()
                      ? CompletableFuture.completedFuture(last)
                      : gateway
                          .local(consulId)
                          .thenApply(e -> e.filter(s -> s.service().equals(key.service()))));
    }
    return found;
  }

  /**
   * Returns how many entries of Consul could not be read as instances so far; each was logged once.
   *
   * @return the count, which grows with each reading
   */
  public long skippedEntries() {
    return codec.skipped();
  }

  /**
   * Tells whether Consul has ever said that it left out of an answer what this client's token may
   * not read. That is logged once; servers before 1.11 do not say it.
   *
   * @return whether it has, so far
   */
  public boolean isFilteredByAccessControl() {
    return gateway.isFiltered();
  }

  @Override
  public void close() {
    watches.close();
    gateway.close();
    registrations.close();
  }

  private CompletableFuture<Listing> listing(String service) {
    return gateway
        .health(service, settings.read())
        .answer()
        .thenApply(
            entries -> new Listing(codec.instances(service, entries.value()), entries.index()));
  }

  /** Reads one of all services: one whose name the agent refuses is left out alone. */
  private CompletableFuture<Listing> listingOrNone(String service) {
    return listing(service)
        .exceptionallyCompose(
            failed -> {
              RegistryException why = Watches.cause(failed);
              if (why.kind() != RegistryException.Kind.INVALID) {
                return CompletableFuture.failedFuture(why);
              }
              codec.unreadable(service, why);
              return CompletableFuture.completedFuture(new Listing(List.of(), 0));
            });
  }

  /** Reads service after service, a handful at a time. */
  private CompletableFuture<Listing> all(List<String> names, int from, long revision) {
    if (from >= names.size()) {
      return CompletableFuture.completedFuture(new Listing(List.of(), revision));
    }
    int to = Math.min(names.size(), from + CatalogFeed.FETCHES);
    List<CompletableFuture<Listing>> some =
        names.subList(from, to).stream().map(this::listingOrNone).toList();
    return CompletableFuture.allOf(some.toArray(CompletableFuture[]::new))
        .thenCompose(done -> all(names, to, revision))
        .thenApply(
            rest -> {
              List<ServiceInstance> instances = new ArrayList<>(rest.instances());
              some.forEach(listing -> instances.addAll(listing.join().instances()));
              return new Listing(instances, revision);
            });
  }

  @Override
  public String toString() {
    return settings.toString();
  }
}
