package dev.rollcall.examples.files;

import dev.rollcall.InstanceKey;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.ContractLocks;
import dev.rollcall.testkit.ContractTime;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.RegistryContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * The contract on a folder, with a time that the tests move, and with the real one. Each client
 * opens the folder by itself, as another process would, and through a link. A test takes the link
 * away, which cuts these clients off, or the folder, which stops the store.
 */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(providers = ContractLocks.class)
class FilesBackendContractTest extends RegistryContract {
  /** A permanent instance is watched for two hours: fewer looks, less to do. */
  private static final String POLL = "?poll=500ms";

  @TempDir Path temporary;

  @Override
  protected RegistryBackend open(Timer timer) {
    create();
    return SettlingTimer.open(linked() + POLL, timer);
  }

  @Override
  protected ContractTime time() {
    return ContractTime.manual();
  }

  @Override
  protected Faults faults() {
    return new FolderFaults((path, timer) -> SettlingTimer.open(path + POLL, timer));
  }

  @Override
  protected Optional<String> uri() {
    return Optional.of(linked());
  }

  /** The same again, which takes two minutes. */
  @Nested
  @Tag("long")
  @DisplayName("By the real clock")
  class ByTheRealClock extends RegistryContract {
    @Override
    protected RegistryBackend open(Timer timer) {
      create();
      return BackendProviders.open(linked(), timer);
    }

    /** More than the default: each client of each test looks at its folder all the time. */
    @Override
    protected Duration ttl() {
      return Duration.ofSeconds(4);
    }

    @Override
    protected Faults faults() {
      return new FolderFaults(BackendProviders::open);
    }

    @Override
    protected Optional<String> uri() {
      return Optional.of(linked());
    }
  }

  private Path real() {
    return temporary.resolve("real");
  }

  private Path link() {
    return temporary.resolve("link");
  }

  private String linked() {
    return "files:" + link();
  }

  private Path away() {
    return temporary.resolve("away");
  }

  private void create() {
    try {
      if (!Files.exists(real()) && !Files.exists(away())) {
        Files.createDirectory(real());
        Files.createSymbolicLink(link(), real());
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** What can happen to a folder. */
  private final class FolderFaults implements Faults {
    private final BiFunction<String, Timer, RegistryBackend> opener;

    FolderFaults(BiFunction<String, Timer, RegistryBackend> opener) {
      this.opener = opener;
    }

    @Override
    public Set<Fault> offered() {
      return EnumSet.of(Fault.STOP, Fault.CUT, Fault.WIPE, Fault.GARBAGE);
    }

    @Override
    public void begin(Fault fault, String service) {
      try {
        switch (fault) {
          case STOP -> Files.move(real(), away());
          case CUT -> Files.delete(link());
          case WIPE -> wipe();
          default -> litter(service);
        }
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }

    @Override
    public void heal() {
      try {
        if (Files.exists(away())) {
          Files.move(away(), real());
        }
        if (Files.exists(real()) && !Files.exists(link(), LinkOption.NOFOLLOW_LINKS)) {
          Files.createSymbolicLink(link(), real());
        }
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }

    @Override
    public RegistryBackend beside(Timer timer) {
      create();
      return opener.apply("files:" + real(), timer);
    }

    private void wipe() throws IOException {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(real())) {
        for (Path file : files) {
          Files.deleteIfExists(file);
        }
      }
    }

    private void litter(String service) throws IOException {
      Files.writeString(real().resolve("README"), "what is this?");
      for (String text :
          new String[] {
            "", "no entry", "service=" + service + "\nid=g\nport=0\n", "\u0000\uffff"
          }) {
        FileName name = FileName.of(new InstanceKey(service, "g" + text.length()));
        Files.writeString(real().resolve(name.toString()), text);
      }
      Files.createDirectory(
          real().resolve(FileName.of(new InstanceKey(service, "folder")).toString()));
    }
  }
}
