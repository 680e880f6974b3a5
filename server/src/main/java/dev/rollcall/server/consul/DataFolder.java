package dev.rollcall.server.consul;

import static java.util.Objects.requireNonNull;

import dev.rollcall.RegistryException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.zip.CRC32C;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.ByteArrayDataType;
import org.h2.mvstore.type.StringDataType;
import org.jspecify.annotations.Nullable;

/**
 * The one file in which a centre keeps what must not be lost with its process: tables of records,
 * in H2's MVStore. What was put and removed is on the disk, all of it or nothing, when {@link
 * #commit} returns; a process that dies leaves what the last commit said. One process has the
 * folder at a time, and others cannot read the file.
 *
 * <p>A record has a checksum of its own, since the store has one for its structure alone.
 *
 * <p>A write that fails (a full disk) closes the store, which trusts nothing in its memory any
 * more. The next use opens it again, as the last commit has left it.
 *
 * <p>Not thread-safe: used by one thread at a time. Everything here blocks as the disk does.
 */
final class DataFolder implements AutoCloseable {
  /** What is kept. */
  enum Table {
    ABOUT,
    REGISTRATIONS,
    HEARTBEATS,
    KEYS
  }

  private static final String FILE = "centre.mv";
  private static final String WHOSE = "whose";
  private static final int CACHE_MEGABYTES = 8;
  private static final int CHECKSUM_BYTES = 4;

  /** Old pages are kept for as long; each commit is on the disk before the next one begins. */
  private static final int RETENTION_MILLIS = 2_000;

  /** Below this share of live pages the oldest are written anew, so that their place is freed. */
  private static final int LEAST_FILL_PERCENT = 40;

  private static final int REWRITTEN_AT_ONCE = 4 << 20;
  private static final int TIDIED_AT_CLOSE_MILLIS = 500;

  private static final Set<PosixFilePermission> OTHERS_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private final Path file;
  private final Map<Table, MVMap<String, byte[]>> maps = new EnumMap<>(Table.class);
  private @Nullable MVStore store; // null after a failure, until it is opened again
  private boolean isCertain = true; // whether the file is known to say what is read of it
  private long bytes;
  private long committedBytes = -1; // before all records were counted, when the folder was opened

  private DataFolder(Path file) {
    this.file = file;
  }

  /**
   * Opens a folder, and makes it where it is not there.
   *
   * @param whose which centre before which store; a folder of another one is refused
   * @throws RegistryException of kind {@code INVALID} where the folder is not fit or another's, of
   *     kind {@code UNAVAILABLE} where another process has it, or it cannot be read
   */
  static DataFolder open(Path folder, String whose) {
    Path absolute = folder.toAbsolutePath();
    DataFolder opened = new DataFolder(absolute.resolve(FILE));
    try {
      prepare(absolute, opened.file);
    } catch (IOException unfit) {
      throw RegistryException.unavailable("data: " + absolute + ": " + why(unfit), unfit);
    }
    try {
      opened.reopen();
      opened.requireWhose(whose);
    } catch (MVStoreException failed) {
      throw opened.refused(failed);
    } catch (RuntimeException refused) {
      opened.abandon();
      throw refused;
    }
    return opened;
  }

  private static void prepare(Path folder, Path file) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    Files.createDirectories(folder, permissions(posix, "rwx------"));
    if (posix) {
      PosixFileAttributes found =
          Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!found.isDirectory()) {
        throw new IOException("a link (expected: a folder)");
      }
      if (found.permissions().stream().anyMatch(OTHERS_WRITE::contains)) {
        throw new IOException("others can write to it (expected: permissions of 0700)");
      }
    }
    try {
      // Before the store does, which would have others read it.
      Files.createFile(file, permissions(posix, "rw-------"));
    } catch (FileAlreadyExistsException before) {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(FILE + " is no file", before);
      }
    }
  }

  private static FileAttribute<?>[] permissions(boolean posix, String text) {
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text))
        }
        : new FileAttribute<?>[0];
  }

  private void requireWhose(String whose) {
    byte[] said = get(Table.ABOUT, WHOSE);
    if (said == null) {
      put(Table.ABOUT, WHOSE, whose.getBytes(StandardCharsets.UTF_8));
      commit();
    } else if (!new String(said, StandardCharsets.UTF_8).equals(whose)) {
      throw RegistryException.invalid(
          "data: "
              + file.getParent()
              + ": it holds what another node, or one before another store, has kept (expected: a"
              + " folder for each)");
    }
  }

  private MVStore store() {
    return store == null ? reopen() : store;
  }

  private MVStore reopen() {
    MVStore opened =
        new MVStore.Builder()
            .fileName(file.toString())
            // Commits, and all threads, are this centre's.
            .autoCommitDisabled()
            .cacheSize(CACHE_MEGABYTES)
            .open();
    store = opened;
    opened.setVersionsToKeep(0);
    opened.setRetentionTime(RETENTION_MILLIS);
    boolean isFirst = committedBytes < 0;
    bytes = isFirst ? 0 : committedBytes;
    for (Table table : Table.values()) {
      MVMap<String, byte[]> map =
          opened.openMap(
              table.name(),
              new MVMap.Builder<String, byte[]>()
                  .keyType(StringDataType.INSTANCE)
                  .valueType(ByteArrayDataType.INSTANCE));
      maps.put(table, map);
      if (isFirst) {
        map.forEach((key, record) -> bytes += size(key, record));
      }
    }
    committedBytes = bytes;
    return opened;
  }

  private MVMap<String, byte[]> map(Table table) {
    var unused = store();
    return requireNonNull(maps.get(table));
  }

  /** Returns a record; null where there is none. */
  byte @Nullable [] get(Table table, String key) {
    byte[] record = map(table).get(key);
    return record == null ? null : opened(table, key, record);
  }

  /**
   * Gives every record of a table, in the order of their keys.
   *
   * @throws RegistryException where the file is damaged
   */
  void forEach(Table table, BiConsumer<String, byte[]> to) {
    try {
      map(table).forEach((key, record) -> to.accept(key, opened(table, key, record)));
    } catch (MVStoreException failed) {
      throw refused(failed);
    }
  }

  /** Puts a record; one that is there already costs no write. */
  void put(Table table, String key, byte[] content) {
    byte[] record = sealed(key, content);
    MVMap<String, byte[]> map = map(table);
    byte[] before = map.get(key);
    if (before == null || !isCertain || !Arrays.equals(before, record)) {
      map.put(key, record);
      bytes += size(key, record) - (before == null ? 0 : size(key, before));
    }
  }

  void remove(Table table, String key) {
    byte[] before = map(table).remove(key);
    if (before != null) {
      bytes -= size(key, before);
    }
  }

  /** Has all that was put and removed written, and forced to the disk. */
  void commit() {
    MVStore open = store();
    if (open.hasUnsavedChanges()) {
      open.commit();
      open.sync();
    }
    isCertain = true;
    committedBytes = bytes;
  }

  /** Frees what replaced records have taken, some of it at a time. */
  void tidy() {
    MVStore open = store();
    if (open.compact(LEAST_FILL_PERCENT, REWRITTEN_AT_ONCE)) {
      open.commit();
      open.sync();
    }
  }

  /** Closes what has failed; what was not committed is as if it had not been put. */
  void abandon() {
    MVStore failed = store;
    store = null;
    isCertain = false;
    if (failed != null) {
      failed.closeImmediately();
    }
  }

  /** Returns how many bytes all records have, with their keys. */
  long bytes() {
    return bytes;
  }

  private static long size(String key, byte[] record) {
    return (long) key.length() + record.length;
  }

  private static byte[] sealed(String key, byte[] content) {
    return ByteBuffer.allocate(CHECKSUM_BYTES + content.length)
        .putInt(checksum(key, content, 0))
        .put(content)
        .array();
  }

  private byte[] opened(Table table, String key, byte[] record) {
    if (record.length < CHECKSUM_BYTES
        || ByteBuffer.wrap(record).getInt() != checksum(key, record, CHECKSUM_BYTES)) {
      throw damaged("a record of " + table + " is not as it was written", null);
    }
    return Arrays.copyOfRange(record, CHECKSUM_BYTES, record.length);
  }

  private static int checksum(String key, byte[] bytes, int from) {
    CRC32C sum = new CRC32C();
    sum.update(key.getBytes(StandardCharsets.UTF_8));
    sum.update(bytes, from, bytes.length - from);
    return (int) sum.getValue();
  }

  /** Returns what is wrong with the file, or with how it is used. */
  private RegistryException refused(MVStoreException failed) {
    abandon();
    return failed.getErrorCode() == DataUtils.ERROR_FILE_LOCKED
        ? RegistryException.unavailable(
            "data: " + file.getParent() + ": another process has it (expected: one at a time)",
            failed)
        : damaged(why(failed), failed);
  }

  RegistryException damaged(String why, @Nullable Throwable cause) {
    return RegistryException.unavailable(
        "data: "
            + file
            + ": it cannot be read: "
            + why
            + " (put back a copy, or move it away to begin with nothing)",
        cause);
  }

  /** Says in one line why something has failed. */
  static String why(Throwable failed) {
    Throwable root = failed;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage();
    return message == null
        ? root.getClass().getSimpleName()
        : message.lines().findFirst().orElse("");
  }

  /** Closes the folder, after the last commit. Idempotent. */
  @Override
  public void close() {
    MVStore open = store;
    store = null;
    if (open != null) {
      try {
        open.close(TIDIED_AT_CLOSE_MILLIS);
      } catch (MVStoreException failed) {
        open.closeImmediately();
      }
    }
  }
}
