package dev.rollcall.server.dashboard;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponseWriter;
import dev.rollcall.Catalog;
import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Freshness;
import dev.rollcall.Subscription;
import dev.rollcall.server.consul.CatalogReader;
import dev.rollcall.server.consul.InstanceId;
import dev.rollcall.server.consul.ListedInstance;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Listens to the catalog once, and tells however many streams how each service does.
 *
 * <p><b>Design.</b> The catalog says which instances have changed; that is noted, and a thread of
 * the feed's reads what they are by then. Nothing is queued: each service has the version of its
 * last change, and a stream the version that it has got to; it is given what has a later one, a
 * piece of some {@value #PIECE_BYTES} bytes at a time, and the next when its client has taken that.
 * So a client that is slow, or does not read at all, holds a piece or two and a number, skips to
 * the latest, and holds up no other. A piece is written once for all streams that stand at the same
 * place.
 *
 * <p>A stream begins with the first services in their order, and goes on with the others; then come
 * the changes. Which instances a service has is asked for one service at a time ({@link Pages}): it
 * is what is long, and what hardly anybody looks at. Of services that are gone the latest {@value
 * #MAX_GONE} are remembered; a stream that has not heard of one of the others begins anew.
 *
 * <p><b>Guards.</b> {@code lock} guards all fields but {@code noted} and {@code reading}, those of
 * the streams too. {@code noted} is concurrent: a thread that changes the catalog puts into it, and
 * the thread {@code rollcall-dashboard-feed} takes out before it reads, so that what changes
 * meanwhile is noted again; {@code reading} says that it has been told to. Nothing but memory is
 * touched under the lock, and the catalog's is never asked for under it.
 */
final class Feed implements AutoCloseable {
  static final int PIECE_BYTES = 16 << 10;

  private static final int MAX_HISTORY = 200;
  private static final int MAX_GONE = 10_000;
  private static final int MAX_WRITTEN = 256;

  /** How many changes are taken in at a time: streams get their turn in between. */
  private static final int BATCH = 1_000;

  private static final HttpData BEAT_EVENT = HttpData.wrap(Events.BEAT);
  private static final Duration BEAT = Duration.ofSeconds(10);
  private static final Duration STUCK = Duration.ofMinutes(1);

  private static final Comparator<InstanceId> ORDER =
      Comparator.comparing(InstanceId::id, NaturalOrder.INSTANCE)
          .thenComparing(InstanceId::node, NaturalOrder.INSTANCE);

  private final CatalogReader catalog;
  private final Timer timer;
  private final Subscription subscription;
  private final ThreadPoolExecutor thread;

  // Whether it is to be told: what was there before is not.
  private final Map<InstanceId, Boolean> noted = new ConcurrentHashMap<>();
  private final AtomicBoolean reading = new AtomicBoolean();

  private final Object lock = new Object();
  private final NavigableMap<String, Service> services = new TreeMap<>(NaturalOrder.INSTANCE);
  private final Map<InstanceId, ListedInstance> known = new HashMap<>();
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
  private boolean closed;

  /** A service and its instances. */
  private static final class Service {
    private final TreeMap<InstanceId, ListedInstance> instances = new TreeMap<>(ORDER);
    private ServiceCounts counts;

    Service(String name) {
      counts = ServiceCounts.none(name);
    }

    void put(ListedInstance instance) {
      remove(instance.id());
      instances.put(instance.id(), instance);
      counts = counts.with(instance.health(), 1);
    }

    void remove(InstanceId id) {
      ListedInstance gone = instances.remove(id);
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

  /**
   * Opens a feed.
   *
   * @param catalog what there is
   * @param trusted says how far the store is heard of
   */
  Feed(CatalogReader catalog, Catalog trusted, Timer timer) {
    this.catalog = catalog;
    this.timer = timer;
    freshness = trusted.freshness();
    thread = DashboardThread.open("rollcall-dashboard-feed", new LinkedBlockingQueue<>());
    catalog.onChange(ids -> note(ids, catalog.isKnown()));
    note(catalog.instances(), false);
    subscription = trusted.watch(new Trust());
    timer.schedule(this::beat, BEAT);
  }

  private void note(Collection<InstanceId> ids, boolean isNews) {
    for (InstanceId id : ids) {
      if (!id.id().isEmpty()) {
        noted.merge(id, isNews, (before, now) -> before || now);
      }
    }
    if (!noted.isEmpty() && reading.compareAndSet(false, true)) {
      try {
        thread.execute(this::read);
      } catch (RejectedExecutionException closing) {
        reading.set(false);
      }
    }
  }

  /** Reads what has been noted. On the feed's thread. */
  private void read() {
    reading.set(false);
    while (!noted.isEmpty()) {
      List<Read> batch = new ArrayList<>();
      Iterator<InstanceId> ids = noted.keySet().iterator();
      while (ids.hasNext() && batch.size() < BATCH) {
        InstanceId id = ids.next();
        Boolean isNews = noted.remove(id);
        batch.add(new Read(id, catalog.instance(id).orElse(null), Boolean.TRUE.equals(isNews)));
      }
      changed(batch);
    }
  }

  /**
   * What has been read.
   *
   * @param now null where it is not there
   */
  private record Read(InstanceId id, @Nullable ListedInstance now, boolean isNews) {}

  private void changed(List<Read> batch) {
    List<Stream> listening;
    synchronized (lock) {
      ArrayDeque<ChangeRecord> happenings = new ArrayDeque<>();
      for (Read each : batch) {
        ListedInstance before =
            each.now() == null ? known.remove(each.id()) : known.put(each.id(), each.now());
        apply(before, each.now());
        if (each.isNews() && happenings.size() < MAX_HISTORY) { // of very many, the first
          ChangeRecord.of(happened + 1, System.currentTimeMillis(), before, each.now())
              .ifPresent(
                  happening -> {
                    happened++;
                    happenings.add(happening);
                  });
        }
      }
      happenings.forEach(history::addFirst);
      while (history.size() > MAX_HISTORY) {
        history.removeLast();
      }
      forget();
      written.clear();
      listening = List.copyOf(streams);
    }
    listening.forEach(Stream::advance);
  }

  /** Hears how far the store is heard of. */
  private final class Trust implements CatalogListener {
    @Override
    public void changed(CatalogChange change) {
      // What there is, is read as Consul's API shows it.
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
  List<ListedInstance> instances(String service) {
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
    thread.shutdown();
    last.forEach(stream -> stream.response.close());
  }

  /** Under the lock. */
  private void apply(@Nullable ListedInstance before, @Nullable ListedInstance now) {
    if (before != null && (now == null || !now.service().equals(before.service()))) {
      Service left = services.get(before.service());
      if (left != null) {
        left.remove(before.id());
      }
      touch(before.service());
    }
    if (now != null) {
      services.computeIfAbsent(now.service(), Service::new).put(now);
      touch(now.service());
    }
  }

  private void touch(String name) {
    Service service = services.get(name);
    if (service != null && service.instances.isEmpty()) {
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
