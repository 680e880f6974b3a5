package dev.rollcall.examples.files;

import dev.rollcall.InstanceKey;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The files, read and changed under a lock that excludes all other clients of the folder.
 *
 * <p>Design: a client that touches the folder holds an exclusive lock on its file {@code .lock}.
 * The system gives such a lock to a process, so that clients in one process exclude each other by a
 * lock in memory first. A new file is written beside the others and moved to its name when it is
 * complete. A process that is killed in the middle leaves at most the draft, which the next writer
 * overwrites, and its own key without a file; the system lets its lock go.
 *
 * <p>The lock covers a listing too: a directory that changes while it is listed may show a renamed
 * file twice or not at all, and a file that is not shown would be an instance that is gone.
 *
 * <p>An instance of this class belongs to one client, whose one thread at a time uses it.
 */
final class Folder {
  /** By the real path; fair, since a client with many calls would starve the renewals of others. */
  private static final Map<Path, Lock> WITHIN_THIS_PROCESS = new ConcurrentHashMap<>();

  /** More than the largest entry that the contract allows. */
  private static final long MOST_BYTES = 1 << 20;

  private final Path path;

  /**
   * What the last listing has read, by {@code key.version}; empty where it was no entry. A version
   * never changes, so that a file is read once.
   */
  private Map<String, Optional<Entry>> read = Map.of();

  Folder(Path path) {
    this.path = path;
  }

  /** Does something while nobody else reads or changes the files. */
  <T> T locked(Work<T> work) throws IOException {
    Path real = path.toRealPath();
    Lock own = WITHIN_THIS_PROCESS.computeIfAbsent(real, first -> new ReentrantLock(true));
    own.lock();
    try (FileChannel file =
        FileChannel.open(
            real.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.lock(); // until the file is closed
      return work.with(new Held(real));
    } finally {
      own.unlock();
    }
  }

  @Override
  public String toString() {
    return "files:" + path;
  }

  /** Something to be done while the folder is locked. */
  interface Work<T> {
    T with(Held folder) throws IOException;
  }

  /** The folder while it is locked. */
  final class Held {
    private final Path real;

    private Held(Path real) {
      this.real = real;
    }

    /** Lists all that can be read, by key. What a stranger put there hides nothing but itself. */
    SortedMap<InstanceKey, Stored> list() throws IOException {
      SortedMap<InstanceKey, Stored> all = new TreeMap<>();
      Map<String, Optional<Entry>> kept = new HashMap<>();
      for (FileName name : names("*")) {
        String version = name.key() + "." + name.version();
        Optional<Entry> entry = read.get(version);
        try {
          entry = entry == null ? read(name) : entry;
        } catch (IOException unreadable) {
          continue; // tried again at the next look
        }
        kept.put(version, entry);
        entry.ifPresent(it -> add(all, new Stored(name, it)));
      }
      read = kept;
      return all;
    }

    /** Puts an instance in the place of whatever is there under its key. */
    FileName put(Entry entry) throws IOException {
      FileName name = FileName.of(entry.instance().key());
      Path draft = real.resolve(".draft");
      Files.writeString(draft, entry.text());
      remove(name);
      Files.move(draft, real.resolve(name.toString()), StandardCopyOption.ATOMIC_MOVE);
      return name;
    }

    /** Gives a file the name of its next beat. */
    FileName renew(FileName name) throws IOException {
      FileName next = name.renewed();
      Files.move(
          real.resolve(name.toString()),
          real.resolve(next.toString()),
          StandardCopyOption.ATOMIC_MOVE);
      return next;
    }

    /** Removes the instance of this name's key, whatever its version and beat. */
    void remove(FileName name) throws IOException {
      for (FileName old : names(name.key() + ".*")) {
        Files.deleteIfExists(real.resolve(old.toString()));
      }
    }

    private List<FileName> names(String pattern) throws IOException {
      List<FileName> names = new ArrayList<>();
      try (DirectoryStream<Path> paths = Files.newDirectoryStream(real, pattern)) {
        paths.forEach(path -> FileName.parse(path.getFileName().toString()).ifPresent(names::add));
      } catch (DirectoryIteratorException failed) {
        throw failed.getCause();
      }
      return names;
    }

    private Optional<Entry> read(FileName name) throws IOException {
      Path file = real.resolve(name.toString());
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > MOST_BYTES) {
        return Optional.empty();
      }
      return Entry.parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8))
          .filter(entry -> name.belongsTo(entry.instance().key()));
    }

    /** Where a stranger has copied a file, one of the two is shown, and always the same. */
    private void add(Map<InstanceKey, Stored> all, Stored stored) {
      all.merge(
          stored.instance().key(),
          stored,
          (a, b) -> a.name().version().compareTo(b.name().version()) > 0 ? a : b);
    }
  }
}
