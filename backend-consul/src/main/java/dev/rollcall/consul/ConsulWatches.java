package dev.rollcall.consul;

import static java.util.Comparator.comparing;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Consul's own seven kinds of watch, typed: key, keyprefix, services, nodes, service, checks and
 * event. For features of Consul that other stores do not have; watch services through {@link
 * dev.rollcall.Registry}.
 *
 * <pre>{@code
 * try (ConsulWatches consul = ConsulWatches.open("consul://127.0.0.1:8500")) {
 *   consul.nodes(nodes -> System.out.println(nodes.size() + " nodes"));
 *   consul.events("deploy", event -> deploy(event.text()));
 * }
 * }</pre>
 *
 * <p>Each watch begins with the complete state, is a blocking query that goes on by itself through
 * every failure, and takes one connection and, while a listener runs, one thread: at most {@value
 * #MOST} can be open at a time. Thread-safe: {@code open} guards itself and {@code closed}; no call
 * is made under it.
 *
 * @since 0.1.0
 */
public final class ConsulWatches implements AutoCloseable {
  /** How many watches can be open at a time. */
  public static final int MOST = AgentHttp.QUERIES;

  private final ConsulBackendSettings settings;
  private final Timer timer;
  private final ConsulGateway gateway;
  private final SharedBackoff reconnection;
  private final BoundedExecutor lane = new BoundedExecutor("rollcall-consul-listener", MOST);
  private final Set<Running<?>> open = new HashSet<>();
  private boolean closed;

  private ConsulWatches(ConsulBackendSettings settings, Timer timer) {
    this.settings = settings;
    this.timer = timer;
    gateway = new ConsulGateway(settings, timer);
    reconnection = gateway.backoff();
  }

  /**
   * Opens the watches of an agent. Does not wait for it: one that is down is told to listeners.
   *
   * @param uri as for a registry, {@code consul://…} or {@code consuls://…}; see {@link
   *     ConsulBackendProvider}
   * @return the watches, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault
   */
  public static ConsulWatches open(String uri) {
    BackendUri parsed = BackendUri.parse(uri);
    ConsulBackendProvider provider = new ConsulBackendProvider();
    if (!provider.schemes().contains(parsed.scheme())) {
      throw RegistryException.invalid(
          "uri: the scheme of " + parsed + " (expected: consul or consuls)");
    }
    ConsulBackendProvider.requireNoPath(parsed);
    return new ConsulWatches(provider.settings(parsed), SystemTimer.named("rollcall-consul-timer"));
  }

  /**
   * Watches a key.
   *
   * @param key the whole key, 1 to 512 bytes
   * @param listener told of the pair; of empty where there is none
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where the key has a fault, or too many
   *     watches are open
   */
  public Subscription key(String key, ConsulListener<Optional<ConsulPair>> listener) {
    String checked = requireKey("key", key);
    return watch(read -> gateway.pair(checked, read), UnaryOperator.identity(), listener);
  }

  /**
   * Watches all keys that begin with a prefix.
   *
   * @param prefix 0 to 512 bytes; empty for all
   * @param listener told of all pairs by key; a key that is gone is missing
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where the prefix has a fault, or too many
   *     watches are open
   */
  public Subscription keyPrefix(
      String prefix, ConsulListener<SortedMap<String, ConsulPair>> listener) {
    String checked = prefix.isEmpty() ? "" : requireKey("prefix", prefix);
    return watch(
        read -> Pending.map(gateway.pairs(checked, read), ConsulWatches::byKey),
        UnaryOperator.identity(),
        listener);
  }

  /**
   * Watches the names of all services.
   *
   * @param listener told of the tags that occur, by service; of a change of an instance it is not
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where too many watches are open
   */
  public Subscription services(ConsulListener<SortedMap<String, SortedSet<String>>> listener) {
    return watch(
        read -> Pending.map(gateway.services(read), ConsulWatches::sorted),
        UnaryOperator.identity(),
        listener);
  }

  /**
   * Watches the nodes of the datacentre.
   *
   * @param listener told of all nodes, by name
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where too many watches are open
   */
  public Subscription nodes(ConsulListener<List<ConsulServiceEntry.Node>> listener) {
    return watch(
        gateway::nodes, list -> by(list, comparing(ConsulServiceEntry.Node::name)), listener);
  }

  /**
   * Watches the instances of a service with their checks and those of their nodes, whatever their
   * health.
   *
   * @param service the service's name
   * @param listener told of all instances, by node and ID
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where the name has a fault, or too many
   *     watches are open
   */
  public Subscription service(String service, ConsulListener<List<ConsulServiceEntry>> listener) {
    String checked = requireName("service", service);
    return watch(
        read -> gateway.health(checked, read),
        list ->
            by(
                list,
                comparing(
                        (ConsulServiceEntry entry) ->
                            entry.node().map(ConsulServiceEntry.Node::name).orElse(""))
                    .thenComparing(ConsulServiceEntry::id)),
        listener);
  }

  /**
   * Watches checks.
   *
   * @param query which ones
   * @param listener told of all of them, by node and ID
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where too many watches are open
   */
  public Subscription checks(ConsulCheckQuery query, ConsulListener<List<ConsulCheck>> listener) {
    requireNonNull(query, "query");
    return watch(
        read -> gateway.checks(query, read),
        list -> by(list, comparing(ConsulCheck::node).thenComparing(of -> of.check().id())),
        listener);
  }

  /**
   * Watches all user events from now on.
   *
   * @param listener told of each event once, in order
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where too many watches are open
   */
  public Subscription events(ConsulEventListener listener) {
    return events(null, false, listener);
  }

  /**
   * Watches the user events of a name from now on.
   *
   * @param name the name that they are fired under
   * @param listener told of each event once, in order
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where the name has a fault, or too many
   *     watches are open
   */
  public Subscription events(String name, ConsulEventListener listener) {
    return events(requireName("name", name), false, listener);
  }

  /**
   * Watches the user events of a name, those included that the agent still knows: of all names
   * together the last 256. For a listener to which an old event does no harm.
   *
   * @param name the name that they are fired under
   * @param listener told of each event once, in order
   * @return ends the watch
   * @throws RegistryException of kind {@code INVALID} where the name has a fault, or too many
   *     watches are open
   */
  public Subscription eventsWithHistory(String name, ConsulEventListener listener) {
    return events(requireName("name", name), true, listener);
  }

  private Subscription events(
      @Nullable String name, boolean history, ConsulEventListener listener) {
    requireNonNull(listener, "listener");
    EventFollower follower = new EventFollower(name, history, listener, lane);
    return run(gateway::events, follower, follower.delivery, false);
  }

  private <T> Subscription watch(
      BlockingLoop.Question<T> question, UnaryOperator<T> order, ConsulListener<T> listener) {
    requireNonNull(listener, "listener");
    BinaryOperator<T> newer = (before, now) -> now;
    Delivery<T> delivery = new Delivery<>(listener, newer, lane);
    return run(read -> Pending.map(question.ask(read), order), delivery, delivery, true);
  }

  private <T> Subscription run(
      BlockingLoop.Question<T> question,
      BlockingLoop.Follower<T> follower,
      Delivery<?> delivery,
      boolean indexGrows) {
    BlockingLoop<T> loop =
        new BlockingLoop<>(question, follower, settings, timer, reconnection, indexGrows);
    Running<T> running = new Running<>(loop, delivery);
    synchronized (open) {
      if (closed) {
        throw RegistryException.invalid("watch: these watches are closed");
      }
      if (open.size() >= MOST) {
        throw RegistryException.invalid(
            "watch: " + MOST + " are open (expected: at most " + MOST + ", a connection each)");
      }
      open.add(running);
    }
    loop.restart();
    return () -> {
      synchronized (open) {
        open.remove(running);
      }
      running.close();
    };
  }

  /** One watch. */
  private record Running<T>(BlockingLoop<T> loop, Delivery<?> delivery) {
    void close() {
      loop.close();
      delivery.close();
    }
  }

  /** Ends all watches; when it returns, no listener hears anything more. */
  @Override
  public void close() {
    List<Running<?>> left;
    synchronized (open) {
      closed = true;
      left = new ArrayList<>(open);
      open.clear();
    }
    left.forEach(Running::close);
    gateway.close();
    lane.close();
    timer.close();
  }

  @Override
  public String toString() {
    return "watches of " + settings;
  }

  /** Makes of each list what is new in it. The cursor is the loop's lock's. */
  private static final class EventFollower implements BlockingLoop.Follower<List<ConsulEvent>> {
    private final EventCursor cursor = new EventCursor();
    private final boolean history;
    private final Delivery<List<Consumer<ConsulEventListener>>> delivery;

    EventFollower(
        @Nullable String name,
        boolean history,
        ConsulEventListener listener,
        BoundedExecutor lane) {
      this.history = history;
      this.delivery =
          new Delivery<>(new OneByOne(name, listener), EventFollower::concatenated, lane);
    }

    private static <E> List<E> concatenated(List<E> before, List<E> more) {
      List<E> all = new ArrayList<>(before);
      all.addAll(more);
      return all;
    }

    @Override
    public BlockingLoop.Verdict answered(
        List<ConsulEvent> events, long index, boolean afterFault, boolean reset) {
      return delivery.answered(cursor.advance(events, history), index, afterFault, reset);
    }

    @Override
    public void failed(RegistryException cause) {
      delivery.failed(cause);
    }

    @Override
    public void flush() {
      delivery.flush();
    }
  }

  /** Hands a listener event after event, so that a throw costs one of them and not the rest. */
  private static final class OneByOne
      implements ConsulListener<List<Consumer<ConsulEventListener>>> {
    private final @Nullable String name;
    private final ConsulEventListener listener;

    OneByOne(@Nullable String name, ConsulEventListener listener) {
      this.name = name;
      this.listener = listener;
    }

    @Override
    public void changed(List<Consumer<ConsulEventListener>> calls) {
      // The agent could filter by name, but then a gap in its ring could not be told.
      ConsulEventListener named = name == null ? listener : new OfName(name, listener);
      for (Consumer<ConsulEventListener> call : calls) {
        try {
          call.accept(named);
        } catch (Throwable thrown) {
          Watches.LOG.error("a listener threw; it goes on being called", thrown);
        }
      }
    }

    @Override
    public void interrupted(RegistryException cause) {
      listener.interrupted(cause);
    }

    @Override
    public void resumed() {
      listener.resumed();
    }
  }

  private record OfName(String name, ConsulEventListener listener) implements ConsulEventListener {
    @Override
    public void fired(ConsulEvent event) {
      if (event.name().equals(name)) {
        listener.fired(event);
      }
    }

    @Override
    public void missed() {
      listener.missed();
    }
  }

  private static SortedMap<String, ConsulPair> byKey(List<ConsulPair> pairs) {
    Map<String, ConsulPair> byKey = new HashMap<>();
    pairs.forEach(pair -> byKey.put(pair.key(), pair));
    return ImmutableSortedMap.copyOf(byKey);
  }

  private static SortedMap<String, SortedSet<String>> sorted(Map<String, List<String>> services) {
    ImmutableSortedMap.Builder<String, SortedSet<String>> sorted =
        ImmutableSortedMap.naturalOrder();
    services.forEach((service, tags) -> sorted.put(service, ImmutableSortedSet.copyOf(tags)));
    return sorted.buildOrThrow();
  }

  private static <E> List<E> by(List<E> list, Comparator<E> order) {
    return list.stream().sorted(order).toList();
  }

  /** Checks a name that becomes one segment of a path. */
  static String requireName(String field, String name) {
    if (name.isBlank()) {
      throw RegistryException.invalid(
          field + ": \"" + name + "\" (expected: 1-253 bytes, not blank)");
    }
    return checked(field, "service", name, () -> new InstanceKey(name, "any"));
  }

  /** Checks a key: what a URL's path would change is refused. */
  static String requireKey(String field, String key) {
    return checked(field, "key", key, () -> Keys.key(key));
  }

  /** Checks by a rule of the registry's, which calls the value by another name. */
  private static String checked(String field, String calledThere, String value, Runnable rule) {
    try {
      rule.run();
      return value;
    } catch (RegistryException refused) {
      String words = String.valueOf(refused.getMessage());
      throw RegistryException.invalid(
          words.startsWith(calledThere) ? field + words.substring(calledThere.length()) : words);
    }
  }
}
