package dev.rollcall.testkit.server;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Executables in the cache folder, put there from a package when they are missing.
 *
 * <p>A folder in the cache is complete or absent: it is filled elsewhere in the cache and moved in
 * place atomically, so readers need no lock. Filling is done by one at a time, held by the class's
 * monitor within a JVM (file locks do not exclude threads) and by a file lock between JVMs.
 */
final class PackagedBinaries implements BinarySource {
  private final Path cache;
  private final PackageFetcher fetcher;

  PackagedBinaries(Path cache, PackageFetcher fetcher) {
    this.cache = cache;
    this.fetcher = fetcher;
  }

  @Override
  public Optional<ServerBinary> find(WantedServer wanted, Consumer<String> reasons) {
    Optional<ServerBinary> cached = cached(wanted, "cache");
    if (cached.isPresent()) {
      return cached;
    }
    reasons.accept("the cache folder has none");
    Optional<DebianPackage> debian = DebianPackage.of(wanted);
    if (debian.isEmpty()) {
      reasons.accept("no Debian package of that version is known");
      return Optional.empty();
    }
    try {
      return fetchAlone(wanted, debian.get(), reasons);
    } catch (IOException | ServerException e) {
      reasons.accept("Debian's package could not be fetched: " + e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<ServerBinary> cached(WantedServer wanted, String origin) {
    Path executable = folder(wanted).resolve(wanted.kind().executable());
    return Optional.of(executable)
        .filter(SearchPath::isExecutable)
        .flatMap(file -> Executable.version(wanted.kind(), file))
        .filter(wanted::accepts)
        .map(version -> new ServerBinary(executable, version, origin));
  }

  private Path folder(WantedServer wanted) {
    return cache.resolve(wanted.folderName());
  }

  private Optional<ServerBinary> fetchAlone(
      WantedServer wanted, DebianPackage debian, Consumer<String> reasons) throws IOException {
    synchronized (PackagedBinaries.class) {
      Files.createDirectories(cache);
      Path lockFile = cache.resolve("." + wanted.folderName() + ".lock");
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        // The last holder of the lock may have fetched it.
        Optional<ServerBinary> cached = cached(wanted, "cache");
        return cached.isPresent() && lock.isValid() ? cached : fetch(wanted, debian, reasons);
      }
    }
  }

  private Optional<ServerBinary> fetch(
      WantedServer wanted, DebianPackage debian, Consumer<String> reasons) throws IOException {
    Path work = cache.resolve("." + wanted.folderName() + ".fetch");
    Folders.delete(work);
    Files.createDirectories(work);
    try {
      Optional<String> failure = fetcher.fetch(debian, work);
      if (failure.isPresent()) {
        reasons.accept(failure.get());
        return Optional.empty();
      }
      Path programs = work.resolve("root").resolve("usr").resolve("bin");
      if (!SearchPath.isExecutable(programs.resolve(wanted.kind().executable()))) {
        reasons.accept("Debian's package " + debian.name() + " holds no executable");
        return Optional.empty();
      }
      Folders.delete(folder(wanted));
      Files.move(programs, folder(wanted), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Folders.delete(work);
    }
    Optional<ServerBinary> fetched = cached(wanted, "Debian package");
    if (fetched.isEmpty()) {
      reasons.accept(
          "Debian's package "
              + debian.name()
              + " of "
              + debian.release()
              + " is another version or does not run on this machine");
    }
    return fetched;
  }
}
