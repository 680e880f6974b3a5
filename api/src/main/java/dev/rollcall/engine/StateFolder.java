package dev.rollcall.engine;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where the states of one store are kept: a folder of that store in the folder that the application
 * names, and a file in it for each service. Their names are digests, so any service may have one on
 * any file system; the store's own name is nowhere to be read.
 *
 * <p>A file is written beside its place under a name of this object's own, forced to the disk and
 * then moved over the old one in one step. So a reader sees the old or the new, whole, also after a
 * kill, a loss of power or a full disk. Of several processes with one folder, each writes what it
 * has seen itself, and the last one wins.
 *
 * <p>The files name the addresses that a process will call, so nobody else may write them: the
 * store's folder and its files belong to this process's user alone (0700, 0600). A folder that
 * others can write is not used. Where the file system knows no such permissions, the application's
 * folder has to see to that.
 *
 * <p>One thread writes, any thread reads. Everything here blocks as the disk does.
 */
final class StateFolder {
  private static final Duration ABANDONED = Duration.ofMinutes(10);
  private static final String STATE = ".state";
  private static final String TEMPORARY = ".tmp";
  private static final Set<PosixFilePermission> OTHERS_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private final Path folder;
  private final byte[] store;
  private final Path temporary;
  private final boolean posix;

  /**
   * Creates one; touches no file.
   *
   * @param root the application's
   * @param identity tells the store from others
   */
  StateFolder(Path root, String identity) {
    this.store = digest(identity);
    this.folder = root.resolve("store-" + hex(store, 8));
    this.temporary = folder.resolve(UUID.randomUUID() + TEMPORARY);
    this.posix = root.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /** Returns the fingerprint of the store. */
  byte[] store() {
    return store;
  }

  Path path() {
    return folder;
  }

  /**
   * Makes the folder where it is not there.
   *
   * @throws IOException where it cannot be made, or others can write to it
   */
  void prepare() throws IOException {
    Files.createDirectories(folder, permissions("rwx------"));
    if (!posix) {
      return;
    }
    PosixFileAttributes found =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!found.isDirectory()) {
      throw new IOException("it is a link (expected: a folder)");
    }
    if (found.permissions().stream().anyMatch(OTHERS_WRITE::contains)) {
      throw new IOException("others can write to it (expected: permissions of 0700)");
    }
    String owner = found.owner().getName();
    if (!owner.equals("root") && !owner.equals(user())) {
      throw new IOException("it belongs to " + owner + " (expected: the user of this process)");
    }
  }

  /** The name of the user whose files this process makes, as the file system tells it. */
  private String user() {
    try {
      Path probe = Files.createFile(temporary, permissions("rw-------"));
      try {
        return Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS).getName();
      } finally {
        Files.delete(probe);
      }
    } catch (IOException readOnly) {
      return System.getProperty("user.name", "");
    }
  }

  /**
   * Puts a service's file in the place of the one before.
   *
   * @throws IOException where that one is as it was
   */
  void write(String service, byte[] content) throws IOException {
    try {
      Files.deleteIfExists(temporary);
      try (FileChannel to =
          FileChannel.open(
              temporary,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              permissions("rw-------"))) {
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
          to.write(rest);
        }
        to.force(true); // before the move: a file system may write names before contents
      }
      Files.move(temporary, file(service), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException failed) {
      try {
        Files.deleteIfExists(temporary); // it takes the place that is missing
      } catch (IOException also) {
        failed.addSuppressed(also);
      }
      throw failed;
    }
  }

  /** Returns the content of a service's file, null where there is none. */
  byte @Nullable [] read(String service) throws IOException {
    Path file = file(service);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return null;
    }
    // No channel: that would be closed where the calling thread is interrupted.
    try (InputStream in = new FileInputStream(file.toFile())) {
      byte[] content = in.readNBytes(StateFile.MAX_BYTES + 1);
      if (content.length > StateFile.MAX_BYTES) {
        throw new IOException("it is larger than " + StateFile.MAX_BYTES + " bytes");
      }
      return content;
    }
  }

  /** Removes what no process uses any more: old states, and what killed writers have left. */
  void clean(long nowMillis, Duration useless) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        Duration most =
            name.endsWith(STATE) ? useless : name.endsWith(TEMPORARY) ? ABANDONED : null;
        if (most != null
            && nowMillis - Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toMillis()
                > most.toMillis()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  Path file(String service) {
    return folder.resolve(hex(digest(service), 16) + STATE);
  }

  private FileAttribute<?>[] permissions(String text) {
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text))
        }
        : new FileAttribute<?>[0];
  }

  private static String hex(byte[] digest, int bytes) {
    return HexFormat.of().formatHex(digest, 0, bytes);
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError("every Java platform has SHA-256", impossible);
    }
  }
}
