package dev.rollcall.testkit.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Fetches Debian packages with the machine's own apt, but beside its state: lists, cache and status
 * lie in a folder of this fetcher, so root is not needed and nothing of the machine changes.
 *
 * <p>The mirror comes from the machine's configuration, as do proxies and credentials. Signatures
 * are always checked, even where the machine's configuration waives that, with the machine's
 * trusted keys and the keyring of {@code debian-archive-keyring}.
 */
final class AptFetcher implements PackageFetcher {
  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final String DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
  private static final Set<String> DEBIAN_RELEASES =
      Set.of(
          "bullseye",
          "bookworm",
          "trixie",
          "forky",
          "duke",
          "sid",
          "oldoldstable",
          "oldstable",
          "stable",
          "testing",
          "unstable");
  private static final Pattern SIGNATURE_FAILURE =
      Pattern.compile("NO_PUBKEY|is not signed|couldn't be verified|EXPKEYSIG|BADSIG|REVKEYSIG");
  private static final Pattern USER_INFO = Pattern.compile("//[^/@\\s]*@");

  private final SearchPath path;

  AptFetcher(SearchPath path) {
    this.path = path;
  }

  @Override
  public Optional<String> fetch(DebianPackage debian, Path folder) throws IOException {
    Optional<Path> apt = path.first("apt-get");
    Optional<Path> dpkg = path.first("dpkg");
    if (apt.isEmpty() || dpkg.isEmpty()) {
      return Optional.of("Debian's package needs apt-get and dpkg, which are not on the PATH");
    }
    List<String> mirrors = mirrors(apt.get());
    if (mirrors.isEmpty()) {
      return Optional.of("Debian's package needs a Debian mirror in apt's configuration");
    }
    Optional<String> failure = Optional.empty();
    for (String mirror : mirrors) {
      Path state = folder.resolve("apt");
      Folders.delete(state);
      failure = fetch(debian, mirror, new Tools(apt.get(), dpkg.get()), state, folder);
      if (failure.isEmpty()) {
        break;
      }
    }
    return failure;
  }

  /** Base addresses that may serve Debian, those whose origin is known to be Debian first. */
  private static List<String> mirrors(Path apt) {
    Command.Result targets =
        Command.of(
                List.of(
                    apt.toString(),
                    "indextargets",
                    "--format",
                    "$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)",
                    "Created-By: Packages"))
            .run(TIMEOUT);
    return targets
        .output()
        .lines()
        .flatMap(Target::parse)
        .filter(Target::mayBeDebian)
        .sorted(Comparator.comparing(target -> !target.origin().equals("Debian")))
        .map(Target::address)
        .distinct()
        .toList();
  }

  private static Optional<String> fetch(
      DebianPackage debian, String mirror, Tools tools, Path state, Path folder)
      throws IOException {
    Path config = writeConfiguration(state, debian, mirror);
    Command.Result update = tools.apt(config, state, "update");
    if (SIGNATURE_FAILURE.matcher(update.output()).find()) {
      return Optional.of(
          "the mirror's signature of Debian "
              + debian.release()
              + " cannot be verified with this machine's keyrings (a newer"
              + " debian-archive-keyring may have the key)");
    }
    if (!update.succeeded()) {
      return Optional.of("apt-get update failed: " + firstError(update));
    }
    Command.Result download = tools.apt(config, state, "download", debian.name());
    if (!download.succeeded()) {
      return Optional.of("apt-get download failed: " + firstError(download));
    }
    Optional<Path> file = packageFile(state);
    if (file.isEmpty()) {
      return Optional.of("apt-get downloaded no package");
    }
    Path root = Files.createDirectories(folder.resolve("root"));
    Command.Result unpacked = tools.unpack(file.get(), root);
    return unpacked.succeeded()
        ? Optional.empty()
        : Optional.of("dpkg could not unpack the package: " + firstError(unpacked));
  }

  private static Path writeConfiguration(Path state, DebianPackage debian, String mirror)
      throws IOException {
    Files.createDirectories(state.resolve("lists/partial"));
    Files.createDirectories(state.resolve("cache/archives/partial"));
    Files.createFile(state.resolve("status"));
    Files.writeString(
        state.resolve("sources.list"),
        "deb [target=Packages] " + mirror + " " + debian.release() + " main\n");
    List<String> settings = new ArrayList<>();
    settings.add("#clear APT::Update::Pre-Invoke;");
    settings.add("#clear APT::Update::Post-Invoke;");
    settings.add("#clear APT::Update::Post-Invoke-Success;");
    settings.add("Dir::Etc::sourcelist \"" + state.resolve("sources.list") + "\";");
    settings.add("Dir::Etc::sourceparts \"/dev/null\";");
    settings.add("Dir::Etc::preferences \"/dev/null\";");
    settings.add("Dir::Etc::preferencesparts \"/dev/null\";");
    settings.add("Dir::State \"" + state + "\";");
    settings.add("Dir::State::lists \"" + state.resolve("lists") + "\";");
    settings.add("Dir::State::status \"" + state.resolve("status") + "\";");
    settings.add("Dir::Cache \"" + state.resolve("cache") + "\";");
    settings.add("Acquire::Languages \"none\";");
    settings.add("Acquire::Retries \"2\";");
    settings.add("Acquire::AllowInsecureRepositories \"false\";");
    settings.add("Acquire::AllowWeakRepositories \"false\";");
    settings.add("Acquire::AllowDowngradeToInsecureRepositories \"false\";");
    settings.add("APT::Get::AllowUnauthenticated \"false\";");
    // The sandbox user could not write to a folder in a user's home.
    settings.add("APT::Sandbox::User \"root\";");
    if (Files.isReadable(Path.of(DEBIAN_KEYRING))) {
      settings.add("Dir::Etc::trusted \"" + DEBIAN_KEYRING + "\";");
    }
    return Files.write(state.resolve("apt.conf"), settings);
  }

  private static Optional<Path> packageFile(Path state) throws IOException {
    try (Stream<Path> files = Files.list(state)) {
      return files.filter(file -> file.toString().endsWith(".deb")).findFirst();
    }
  }

  private static String firstError(Command.Result result) {
    String line =
        result
            .output()
            .lines()
            .filter(text -> text.startsWith("E:") || text.startsWith("dpkg"))
            .findFirst()
            .orElse("exit code " + result.exitCode());
    return USER_INFO.matcher(line).replaceAll("//");
  }

  /** Where apt would fetch an index from. */
  private record Target(String origin, String release, String component, String address) {
    static Stream<Target> parse(String line) {
      String[] parts = line.split("\\|", 4);
      return parts.length == 4
          ? Stream.of(new Target(parts[0], parts[1], parts[2], parts[3]))
          : Stream.empty();
    }

    /** The origin stays a placeholder, or empty, until the machine has fetched its own lists. */
    boolean mayBeDebian() {
      boolean originFits = origin.equals("Debian") || origin.isEmpty() || origin.startsWith("$(");
      return originFits
          && DEBIAN_RELEASES.contains(release)
          && component.equals("main")
          && !address.startsWith("cdrom:");
    }
  }

  /** The two programs, by their full paths. */
  private record Tools(Path apt, Path dpkg) {
    Command.Result apt(Path config, Path folder, String... words) {
      List<String> all = new ArrayList<>(List.of(apt.toString(), "-q", "-c", config.toString()));
      all.addAll(List.of(words));
      return Command.of(all).in(folder).run(TIMEOUT);
    }

    Command.Result unpack(Path file, Path root) {
      return Command.of(List.of(dpkg.toString(), "-x", file.toString(), root.toString()))
          .run(TIMEOUT);
    }
  }
}
