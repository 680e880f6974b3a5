package dev.rollcall.examples.files;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.PendingAnswers;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A registry in a folder of files on a local disk: one file an instance. All processes that open
 * the same folder see the same instances.
 *
 * <p>Design: every call becomes a task on {@code disk}, which runs one task at a time, in order. A
 * task locks the {@link Folder}, <em>looks</em> (lists the files and removes those whose lease is
 * over), and does what it was asked to do. After it has unlocked the folder it tells the watches
 * and the leases' listeners what it has seen. A timer adds a look every 100 ms, which is how this
 * client hears of what other processes do.
 *
 * <p>Invariants: a task whose caller was given an answer already, by the deadline or by {@link
 * #close()}, is not begun. Since tasks keep their order, a deregistration comes after every call of
 * the same owner's that was made before, so that none of them brings the instance back. Since each
 * task looks and writes under one lock, a claim is decided in one step with its write.
 *
 * <p>Threads: the fields below "disk only" belong to the task that runs on {@code disk}. Callers
 * and the timer only add tasks. All sinks are called on one thread, see {@link FolderWatch}.
 */
final class FilesBackend implements RegistryBackend {
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private static final Duration MARGIN = Duration.ofMillis(200);
  private static final long MOST_SECONDS_TO_CLOSE = 2;

  private final Folder folder;
  private final Duration poll;
  private final Timer timer;
  private final ExecutorService disk = Executors.newSingleThreadExecutor(threads("disk"));
  private final ExecutorService sinks = Executors.newSingleThreadExecutor(threads("sinks"));
  private final Set<FolderWatch> watches = ConcurrentHashMap.newKeySet();
  private final PendingAnswers pending = new PendingAnswers();

  /** Set once, by {@link #close()}; read by every call and task. */
  private volatile boolean closed;

  // Disk only.
  private final Ages ages = new Ages();
  private final Map<InstanceKey, Holding> holdings = new HashMap<>();
  private final List<Runnable> words = new ArrayList<>();
  private SortedMap<InstanceKey, Stored> seen = new TreeMap<>();

  private FilesBackend(Path path, Duration poll, Timer timer) {
    this.folder = new Folder(path);
    this.poll = poll;
    this.timer = timer;
  }

  /** Opens a client of a folder, and begins to look. */
  static FilesBackend open(Path path, Duration poll, Timer timer) {
    FilesBackend backend = new FilesBackend(path, poll, timer);
    backend.pollLater();
    return backend;
  }

  private static ThreadFactory threads(String name) {
    return new ThreadFactoryBuilder()
        .setNameFormat("rollcall-files-" + name)
        .setDaemon(true)
        .build();
  }

  @Override
  public Capabilities capabilities() {
    boolean runsChecks = false; // no process stays behind that could
    boolean atomicClaims = true; // decided under the folder's lock
    boolean tellsDepartures = false; // a file that is gone does not say why
    boolean keepsCritical = false; // the file of a dead instance is removed at once
    // Seen a poll after the renewal, found dead a poll late, shown by other clients a poll later.
    Duration expirySlack = poll.multipliedBy(3).plus(MARGIN);
    return new Capabilities(runsChecks, atomicClaims, tellsDepartures, keepsCritical, expirySlack);
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    InstanceKey key = request.instance().key();
    Owner owner = request.owner();
    return call(
        held -> {
          Stored old = look(held).get(key);
          if (old != null
              && !old.entry().ownerId().equals(owner.id())
              && request.claim() != Claim.TAKE_OVER) {
            throw RegistryException.conflict(key + ": it is another owner's");
          }
          Entry entry = Entry.of(request);
          FileName name = held.put(entry);
          letGo(key, owner); // the lease goes on, with the new listener
          look(held); // any other owner of this client's hears that it is superseded
          Duration ttl = entry.ttl();
          holdings.put(key, new Holding(name.version(), owner, ttl, timer.nanoTime(), listener));
          return new FileLease(this, key, owner, ttl);
        });
  }

  /** Extends a lease. Where it has ended, the look before finds that out. */
  private CompletionStage<Void> renew(InstanceKey key, Owner owner) {
    return call(held -> {
          Stored stored = look(held).get(key);
          Holding mine = holdings.get(key);
          if (mine == null || stored == null || !mine.isOf(owner)) {
            throw RegistryException.conflict(key + ": the lease has ended");
          }
          held.renew(stored.name());
          holdings.put(key, mine.renewedAt(timer.nanoTime()));
          return true;
        })
        .thenAccept(renewed -> {});
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return call(held -> {
          Stored stored = look(held).get(key);
          if (stored != null && owner.names(stored.entry().ownerId())) {
            held.remove(stored.name());
          }
          letGo(key, owner); // its owner asks, and is told of no end
          look(held);
          return true;
        })
        .thenAccept(gone -> {});
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    FolderWatch watch = new FolderWatch(selector, sink, sinks, watches::remove);
    watches.add(watch);
    if (closed) {
      watch.close();
    }
    // Where this look fails, the next poll says so to the sink.
    CompletionStage<Listing> unused = snapshot(selector);
    return watch;
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return call(held -> new Listing(Stored.selected(selector, look(held).values()), 0));
  }

  @Override
  public void close() {
    closed = true;
    watches.forEach(FolderWatch::close);
    pending.close();
    disk.shutdown();
    sinks.shutdown();
    try {
      boolean unused = disk.awaitTermination(MOST_SECONDS_TO_CLOSE, TimeUnit.SECONDS);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- calls, on any thread

  /** Does something with the folder after all that was asked for before. */
  private <T> CompletableFuture<T> call(Folder.Work<T> work) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    pending.add(answer, this::closed);
    Timer.Scheduled late =
        timer.schedule(
            () -> answer.completeExceptionally(unavailable("no answer within " + DEADLINE, null)),
            DEADLINE);
    CompletableFuture<T> unused = answer.whenComplete((done, failed) -> late.cancel());
    if (closed || !begin(() -> answer(work, answer))) {
      answer.completeExceptionally(closed());
    }
    return answer;
  }

  private boolean begin(Runnable task) {
    try {
      disk.execute(task);
      return true;
    } catch (RejectedExecutionException closing) {
      return false;
    }
  }

  private RegistryException closed() {
    return unavailable("this client is closed", null);
  }

  private void pollLater() {
    Timer.Scheduled unused = timer.schedule(() -> begin(this::poll), poll);
  }

  // ---- tasks, on the disk's thread

  private <T> void answer(Folder.Work<T> work, CompletableFuture<T> answer) {
    if (answer.isDone()) {
      return;
    }
    try {
      T result = folder.locked(work);
      tell();
      answer.complete(result);
    } catch (RegistryException refused) {
      tell();
      answer.completeExceptionally(refused);
    } catch (IOException failed) {
      answer.completeExceptionally(failure(failed));
    }
  }

  private void poll() {
    if (closed) {
      return;
    }
    try {
      folder.locked(this::look);
      tell();
    } catch (IOException failed) {
      ages.forget();
      watches.forEach(watch -> watch.interrupt(failure(failed)));
    } finally {
      pollLater();
    }
  }

  /** Takes in what is there: removes dead instances, and ends the leases of what is gone. */
  private SortedMap<InstanceKey, Stored> look(Folder.Held held) throws IOException {
    SortedMap<InstanceKey, Stored> all = held.list();
    long now = timer.nanoTime();
    for (Stored dead : ages.over(List.copyOf(all.values()), now)) {
      held.remove(dead.name());
      all.remove(dead.instance().key());
    }
    seen = all;
    holdings.entrySet().removeIf(holding -> isOver(holding.getKey(), holding.getValue(), now));
    return all;
  }

  private boolean isOver(InstanceKey key, Holding mine, long now) {
    Stored stored = seen.get(key);
    if (stored != null && stored.name().version().equals(mine.version())) {
      return false;
    }
    LeaseEnd end =
        stored != null
            ? LeaseEnd.SUPERSEDED
            : mine.isOverdue(now) ? LeaseEnd.EXPIRED : LeaseEnd.REMOVED;
    words.add(() -> mine.listener().ended(end));
    return true;
  }

  private void letGo(InstanceKey key, Owner owner) {
    Holding mine = holdings.get(key);
    if (mine != null && mine.isOf(owner)) {
      holdings.remove(key);
    }
  }

  /** Says what was seen, now that the folder is unlocked. */
  private void tell() {
    List<Runnable> said = List.copyOf(words);
    words.clear();
    said.forEach(Runnable::run);
    watches.forEach(watch -> watch.show(seen.values()));
  }

  private RegistryException failure(IOException failed) {
    return failure(folder + ": " + failed.getClass().getSimpleName(), failed);
  }

  /** Where the system forbids it, asking again soon is of no use. */
  static RegistryException failure(String message, IOException failed) {
    return failed instanceof AccessDeniedException
        ? RegistryException.denied(message, failed)
        : RegistryException.unavailable(message, failed);
  }

  private RegistryException unavailable(String message, @Nullable Throwable cause) {
    return RegistryException.unavailable(folder + ": " + message, cause);
  }

  /** A lease, known by its key and owner, so that it is as good as a later one of this owner's. */
  private record FileLease(FilesBackend backend, InstanceKey key, Owner owner, Duration ttl)
      implements Lease {
    @Override
    public CompletionStage<Void> renew() {
      return backend.renew(key, owner);
    }
  }
}
