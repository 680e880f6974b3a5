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
import dev.rollcall.server.dashboard.Events.Delta;
import dev.rollcall.spi.Timer;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Listens to the catalog once, writes each change once, and gives the bytes to however many
 * streams.
 *
 * <p><b>Design.</b> Events have numbers. The last of them, up to {@value #MAX_EVENTS} and {@value
 * #MAX_BYTES} bytes, are kept; a stream has a position and at most one piece on its way, and takes
 * the next when its client has taken that. A stream whose next event is no longer kept begins anew
 * with the whole state. So a slow client costs a number, and holds up no other.
 *
 * <p><b>Guards.</b> {@code lock} guards all fields, those of the streams too. The catalog's
 * listener writes, any thread of the server's reads; nothing but memory is touched under the lock,
 * and the bytes of the whole state are made under it, once a number however many ask.
 */
final class Feed implements CatalogListener, AutoCloseable {
  private static final int MAX_EVENTS = 1_000;
  private static final int MAX_BYTES = 4 << 20;
  private static final int MAX_HISTORY = 200;
  private static final int PIECE_BYTES = 64 << 10;
  private static final Duration BEAT = Duration.ofSeconds(10);
  private static final Duration STUCK = Duration.ofMinutes(1);

  private final Timer timer;
  private final Subscription subscription;

  private final Object lock = new Object();
  private final Map<String, Map<String, ServiceInstance>> services = new TreeMap<>();
  private final ArrayDeque<byte[]> events = new ArrayDeque<>();
  // The latest first.
  private final ArrayDeque<ChangeRecord> history = new ArrayDeque<>();
  private final Set<Stream> streams = new HashSet<>();
  private Freshness freshness;
  private long firstKept = 1;
  private long keptBytes;
  private long happened;
  private boolean begun;
  private boolean closed;
  private byte @Nullable [] whole;

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
      List<Delta> deltas = new ArrayList<>();
      ArrayDeque<ChangeRecord> happenings = new ArrayDeque<>();
      for (Change each : change.changes().values()) {
        apply(each);
        List<ServiceInstance> put = new ArrayList<>(each.all().added());
        put.addAll(each.all().updated());
        deltas.add(
            new Delta(
                each.service(), put, each.all().removed().stream().map(i -> i.id()).toList()));
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
      List<ChangeRecord> latestFirst = new ArrayList<>(happenings);
      Collections.reverse(latestFirst);
      begun = true;
      listening = keep(Events.change(deltas, latestFirst));
    }
    listening.forEach(Stream::advance);
  }

  @Override
  public void freshnessChanged(Freshness now) {
    List<Stream> listening;
    synchronized (lock) {
      freshness = now;
      listening = keep(Events.freshness(now));
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
    Map<String, ServiceInstance> instances =
        services.computeIfAbsent(change.service(), name -> new TreeMap<>());
    change.all().removed().forEach(gone -> instances.remove(gone.id()));
    change.all().added().forEach(come -> instances.put(come.id(), come));
    change.all().updated().forEach(now -> instances.put(now.id(), now));
    if (instances.isEmpty()) {
      services.remove(change.service());
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

  /** Under the lock. Returns who is to hear of it. */
  private List<Stream> keep(byte[] event) {
    events.addLast(event);
    keptBytes += event.length;
    whole = null;
    while (events.size() > MAX_EVENTS || (keptBytes > MAX_BYTES && events.size() > 1)) {
      keptBytes -= events.removeFirst().length;
      firstKept++;
    }
    return List.copyOf(streams);
  }

  /** Under the lock. */
  private byte[] whole() {
    byte[] state = whole;
    if (state == null) {
      Map<String, Collection<ServiceInstance>> lists = new TreeMap<>();
      services.forEach((name, instances) -> lists.put(name, instances.values()));
      state = Events.state(lists, history, freshness, System.currentTimeMillis());
      whole = state;
    }
    return state;
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
    // The number of the next event; 0 before the first state was sent.
    private long next;
    private boolean writing;
    private long writingSinceNanos;
    // How many events the last piece holds.
    private int taken;

    Stream(HttpResponseWriter response) {
      this.response = response;
    }

    /** Sends what comes next, if there is anything and nothing is on its way. */
    void advance() {
      byte[] piece;
      synchronized (lock) {
        long end = firstKept + events.size();
        if (writing || next == end) {
          return;
        }
        piece = next < firstKept ? whole() : pieceFrom(next);
        next = next < firstKept ? end : next + taken;
        begin();
      }
      send(piece);
    }

    /** Under the lock: so many events as make up a piece, one at least. */
    private byte[] pieceFrom(long number) {
      ByteArrayOutputStream piece = new ByteArrayOutputStream();
      taken = 0;
      long at = firstKept;
      for (byte[] event : events) {
        if (at++ >= number && (taken == 0 || piece.size() + event.length <= PIECE_BYTES)) {
          piece.writeBytes(event);
          taken++;
        } else if (taken > 0) {
          break;
        }
      }
      return piece.toByteArray();
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
        send(Events.BEAT);
      }
    }

    /** Under the lock. */
    private void begin() {
      writing = true;
      writingSinceNanos = timer.nanoTime();
    }

    private void send(byte[] piece) {
      if (response.tryWrite(HttpData.wrap(piece))) {
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
