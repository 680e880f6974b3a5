package dev.rollcall.server.dashboard;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponseWriter;
import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Listens to the catalog once, and tells however many streams how each service does.
 *
 * <p><b>Design.</b> Nothing is queued. Each service has the version of its last change, and a
 * stream the version that it has got to; it is given what has a later one, a piece of some {@value
 * #PIECE_BYTES} bytes at a time, and the next when its client has taken that. So a client that is
 * slow, or does not read at all, holds a piece or two and a number, skips to the latest, and holds
 * up no other. A piece is written once for all streams that stand at the same place.
 *
 * <p>A stream begins with the first services in their order, and goes on with the others; then come
 * the changes. Which instances a service has is asked for one service at a time ({@link Pages}): it
 * is what is long, and what hardly anybody looks at. Of services that are gone the latest {@value
 * #MAX_GONE} are remembered; a stream that has not heard of one of the others begins anew.
 *
 * <p><b>Guards.</b> {@code lock} guards all fields, those of the streams too. The catalog's
 * listener writes, any thread of the server's reads; nothing but memory is touched under the lock.
 */
final class Feed implements CatalogListener, AutoCloseable {
  static final int PIECE_BYTES = 16 << 10;

  private static final int MAX_HISTORY = 200;
  private static final int MAX_GONE = 10_000;
  private static final int MAX_WRITTEN = 256;
  private static final HttpData BEAT_EVENT = HttpData.wrap(Events.BEAT);
  private static final Duration BEAT = Duration.ofSeconds(10);
  private static final Duration STUCK = Duration.ofMinutes(1);

  private final Timer timer;
  private final Subscription subscription;

  private final Object lock = new Object();
  private final NavigableMap<String, Service> services = new TreeMap<>(NaturalOrder.INSTANCE);
  private final NavigableMap<Long, String> changes = new TreeMap<>();
  private final Map<String, Long> changedAt = new HashMap<>(); // of those that are gone, too
  // The latest first.
  private final ArrayDeque<ChangeRecord> history = new ArrayDeque<>();
  private final Set<Stream> streams = new HashSet<>();
  private final Map<Place, Piece> written = new HashMap<>(); // since the last change
  private Freshness freshness;
  private long version;
  private long forgottenTo;
  private long freshAt;
  private long happened;
  private boolean begun;
  private boolean closed;

  /** A service and its instances by ID. */
  private static final class Service {
    private final TreeMap<String, ServiceInstance> instances = new TreeMap<>(NaturalOrder.INSTANCE);
    private ServiceCounts counts;

    Service(String name) {
      counts = ServiceCounts.none(name);
    }

    void put(ServiceInstance instance) {
      remove(instance.id());
      instances.put(instance.id(), instance);
      counts = counts.with(instance.health(), 1);
    }

    void remove(String id) {
      ServiceInstance gone = instances.remove(id);
      if (gone != null) {
        counts = counts.with(gone.health(), -1);
      }
    }
  }

  /**
   * Where a stream stands.
   *
   * @param seen the version of the last change that it has been told
   * @param happened the number of the last thing that it has been told
   * @param listed the last service of the first state that it has been told; null for none, empty
   *     when it has been told of all
   */
  private record Place(long seen, long happened, @Nullable String listed) {
    static final Place BEGINNING = new Place(0, 0, null);
  }

  /** What is sent next, and where a stream stands after it. */
  private record Piece(HttpData bytes, Place next) {
    Piece(byte[] bytes, Place next) {
      this(HttpData.wrap(bytes), next);
    }
  }

  Feed(Registry registry, Timer timer) {
    this.timer = timer;
    freshness = registry.catalog().freshness();
    subscription = registry.catalog().watch(this);
    timer.schedule(this::beat, BEAT);
  }

  @Override
  public void changed(CatalogChange change) {
    List<Stream> listening;
    synchronized (lock) {
      ArrayDeque<ChangeRecord> happenings = new ArrayDeque<>();
      for (Change each : change.changes().values()) {
        apply(each);
        if (begun) {
          note(each, happenings);
        }
      }
      for (ChangeRecord happening : happenings) {
        history.addFirst(happening);
      }
      while (history.size() > MAX_HISTORY) {
        history.removeLast();
      }
      begun = true;
      forget();
      written.clear();
      listening = List.copyOf(streams);
    }
    listening.forEach(Stream::advance);
  }

  @Override
  public void freshnessChanged(Freshness now) {
    List<Stream> listening;
    synchronized (lock) {
      freshness = now;
      freshAt++;
      written.clear();
      listening = List.copyOf(streams);
    }
    listening.forEach(Stream::advance);
  }

  /** Begins a stream on a response whose head is written. */
  void open(HttpResponseWriter response) {
    Stream stream = new Stream(response);
    boolean refused;
    synchronized (lock) {
      refused = closed;
      if (!closed) {
        streams.add(stream);
      }
    }
    if (refused) {
      response.close();
      return;
    }
    response
        .whenComplete()
        .whenComplete(
            (done, failed) -> {
              synchronized (lock) {
                streams.remove(stream);
              }
            });
    stream.advance();
  }

  int listeners() {
    synchronized (lock) {
      return streams.size();
    }
  }

  /** Returns the present instances of a service, in their order; none where it is not there. */
  List<ServiceInstance> instances(String service) {
    synchronized (lock) {
      Service found = services.get(service);
      return found == null ? List.of() : List.copyOf(found.instances.values());
    }
  }

  /** Returns the present names of all services, in their order. */
  List<String> names() {
    synchronized (lock) {
      return List.copyOf(services.keySet());
    }
  }

  @Override
  public void close() {
    List<Stream> last;
    synchronized (lock) {
      closed = true;
      last = List.copyOf(streams);
    }
    subscription.close();
    last.forEach(stream -> stream.response.close());
  }

  /** Under the lock. */
  private void apply(Change change) {
    String name = change.service();
    Service service = services.computeIfAbsent(name, Service::new);
    change.all().removed().forEach(gone -> service.remove(gone.id()));
    change.all().added().forEach(service::put);
    change.all().updated().forEach(service::put);
    if (service.instances.isEmpty()) {
      services.remove(name);
    }
    Long before = changedAt.put(name, ++version);
    if (before != null) {
      changes.remove(before);
    }
    changes.put(version, name);
  }

  /** Under the lock. Forgets the services that have been gone for longest, if they are too many. */
  private void forget() {
    int gone = changes.size() - services.size();
    while (gone > MAX_GONE) {
      // Half at once: it looks through those that are there as well.
      var oldest = changes.entrySet().iterator();
      while (oldest.hasNext() && gone > MAX_GONE / 2) {
        Map.Entry<Long, String> each = oldest.next();
        if (!services.containsKey(each.getValue())) {
          oldest.remove();
          changedAt.remove(each.getValue());
          forgottenTo = each.getKey();
          gone--;
        }
      }
    }
  }

  /** Under the lock. Of a great many at once, the first are told. */
  private void note(Change change, Collection<ChangeRecord> into) {
    long at = System.currentTimeMillis();
    String service = change.service();
    for (ServiceInstance gone : change.all().removed()) {
      note(into, at, "removed", service, gone.id(), "");
    }
    for (ServiceInstance come : change.all().added()) {
      note(into, at, "added", service, come.id(), ChangeRecord.lower(come));
    }
    for (ServiceInstance now : change.all().updated()) {
      if (into.size() < MAX_HISTORY) {
        ServiceInstance before = ChangeRecord.before(change, now);
        note(
            into,
            at,
            ChangeRecord.kindOf(before, now),
            service,
            now.id(),
            ChangeRecord.difference(before, now));
      }
    }
  }

  private void note(
      Collection<ChangeRecord> into,
      long at,
      String kind,
      String service,
      String id,
      String detail) {
    if (into.size() < MAX_HISTORY) {
      into.add(new ChangeRecord(++happened, at, kind, service, id, detail));
    }
  }

  /** Under the lock. Returns what comes after a place; null where that is nothing. */
  private @Nullable Piece after(Place place) {
    Piece known = written.get(place);
    if (known != null) {
      return known;
    }
    Piece piece;
    String listed = place.listed();
    if (listed == null || place.seen() < forgottenTo) {
      piece = beginning();
    } else if (!listed.isEmpty()) {
      piece = more(place, listed);
    } else if (place.seen() < version) {
      piece = change(place);
    } else {
      return null;
    }
    if (written.size() < MAX_WRITTEN) {
      written.put(place, piece);
    }
    return piece;
  }

  private Piece beginning() {
    List<ServiceCounts> some = first(services.values());
    boolean hasMore = some.size() < services.size();
    byte[] bytes = Events.state(some, hasMore, latest(0), freshness, System.currentTimeMillis());
    return new Piece(bytes, new Place(version, happened, lastOf(some, hasMore)));
  }

  private Piece more(Place place, String listed) {
    Collection<Service> left = services.tailMap(listed, false).values();
    List<ServiceCounts> some = first(left);
    boolean hasMore = !some.isEmpty() && !services.lastKey().equals(lastOf(some, true));
    return new Piece(
        Events.more(some, hasMore),
        new Place(place.seen(), place.happened(), lastOf(some, hasMore)));
  }

  private static String lastOf(List<ServiceCounts> some, boolean hasMore) {
    return hasMore ? some.get(some.size() - 1).name() : "";
  }

  private Piece change(Place place) {
    List<ServiceCounts> some = new ArrayList<>();
    long seen = place.seen();
    int bytes = 0;
    for (Map.Entry<Long, String> each : changes.tailMap(seen, false).entrySet()) {
      Service service = services.get(each.getValue());
      ServiceCounts counts = service == null ? ServiceCounts.none(each.getValue()) : service.counts;
      bytes += counts.size();
      if (bytes > PIECE_BYTES && !some.isEmpty()) {
        break;
      }
      some.add(counts);
      seen = each.getKey();
    }
    return new Piece(Events.change(some, latest(place.happened())), new Place(seen, happened, ""));
  }

  /** Returns so many services as make up a piece. */
  private static List<ServiceCounts> first(Collection<Service> of) {
    List<ServiceCounts> some = new ArrayList<>();
    int bytes = 0;
    for (Service service : of) {
      bytes += service.counts.size();
      if (bytes > PIECE_BYTES && !some.isEmpty()) {
        break;
      }
      some.add(service.counts);
    }
    return some;
  }

  /** Returns what has happened since, the latest first, as much as makes up a piece. */
  private List<ChangeRecord> latest(long since) {
    List<ChangeRecord> some = new ArrayList<>();
    int bytes = 0;
    for (ChangeRecord each : history) {
      bytes += each.size();
      if (each.number() <= since || bytes > PIECE_BYTES) {
        break;
      }
      some.add(each);
    }
    return some;
  }

  private void beat() {
    List<Stream> listening;
    synchronized (lock) {
      if (closed) {
        return;
      }
      listening = List.copyOf(streams);
    }
    listening.forEach(Stream::beat);
    timer.schedule(this::beat, BEAT);
  }

  /** One client. Its fields are guarded by the feed's lock. */
  private final class Stream {
    private final HttpResponseWriter response;
    private Place place = Place.BEGINNING;
    private long freshSeen;
    private boolean writing;
    private long writingSinceNanos;

    Stream(HttpResponseWriter response) {
      this.response = response;
    }

    /** Sends what comes next, if there is anything and nothing is on its way. */
    void advance() {
      HttpData bytes;
      synchronized (lock) {
        if (writing) {
          return;
        }
        Piece piece = after(place);
        if (piece != null) {
          if (place.listed() == null) {
            freshSeen = freshAt; // the state says it
          }
          bytes = piece.bytes();
          place = piece.next();
        } else if (freshSeen != freshAt) {
          bytes = HttpData.wrap(Events.freshness(freshness));
          freshSeen = freshAt;
        } else {
          return;
        }
        begin();
      }
      send(bytes);
    }

    void beat() {
      boolean stuck;
      synchronized (lock) {
        stuck = writing && timer.nanoTime() - writingSinceNanos > STUCK.toNanos();
        if (writing && !stuck) {
          return;
        }
        begin();
      }
      if (stuck) {
        response.abort();
      } else {
        send(BEAT_EVENT);
      }
    }

    /** Under the lock. */
    private void begin() {
      writing = true;
      writingSinceNanos = timer.nanoTime();
    }

    private void send(HttpData piece) {
      if (response.tryWrite(piece)) {
        response
            .whenConsumed()
            .thenRun(
                () -> {
                  synchronized (lock) {
                    writing = false;
                  }
                  advance();
                });
      }
    }
  }
}
