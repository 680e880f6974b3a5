package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The executable of a server, found on this machine or fetched for it.
 *
 * <p>Looked for in this order; the first whose {@code --version} fits is taken:
 *
 * <ol>
 *   <li>an environment variable: {@code ROLLCALL_ETCD_3_5} for a version line, {@code
 *       ROLLCALL_ETCD} or {@code ROLLCALL_CONSUL} for whichever version lies there;
 *   <li>the {@code PATH};
 *   <li>the cache folder {@code rollcall/servers} under {@code XDG_CACHE_HOME}, or under {@code
 *       .cache} in the user's home;
 *   <li>Debian's package (etcd 3.4 and 3.5, Consul 1.8), fetched into that folder without root and
 *       without installing it. The mirror is the one that the machine's own apt is set up with, and
 *       apt checks its signature with the machine's keyrings: a mirror that they cannot verify is
 *       refused;
 *   <li>a Docker image (the same versions), where Testcontainers is on the class path and an engine
 *       runs. Testcontainers is an optional dependency of this library. The container shares the
 *       host's network and the server's folder, so that ports, faults and clusters are as with a
 *       process; that takes Linux, or a Docker Desktop whose host networking is switched on.
 * </ol>
 *
 * <p>{@code ROLLCALL_FETCH=false} forbids the last two, which load something.
 *
 * <p>A variable that names no executable, or a version's own variable that names another version,
 * is an error and not passed over.
 *
 * <p>Immutable and thread-safe. What was found is remembered until the JVM ends. Several JVMs may
 * look at once: one fetches, the others wait for it.
 *
 * @since 0.1.0
 */
public final class ServerBinary {
  private static final Map<WantedServer, ServerBinary> FOUND = new ConcurrentHashMap<>();

  private final Path path;
  private final String version;
  private final String origin;
  private final ServerProcess.@Nullable Launcher launcher;

  ServerBinary(Path path, String version, String origin) {
    this(path, version, origin, null);
  }

  /** An executable that runs elsewhere than as a child process. */
  ServerBinary(
      Path path, String version, String origin, ServerProcess.@Nullable Launcher launcher) {
    this.path = path;
    this.version = version;
    this.origin = origin;
    this.launcher = launcher;
  }

  /**
   * Finds etcd. Blocks while it looks, and for as long as a download takes where one is needed.
   *
   * @param versionLine major and minor version, such as {@code "3.5"}
   * @return the executable
   * @throws IllegalArgumentException if the version line is not of that form
   * @throws ServerNotFoundException if there is none and none can be fetched
   */
  public static ServerBinary etcd(String versionLine) {
    return find(ServerKind.ETCD, requireLine(versionLine));
  }

  /**
   * Finds Consul, in any version. Blocks while it looks, and for as long as a download takes where
   * one is needed.
   *
   * @return the executable
   * @throws ServerNotFoundException if there is none and none can be fetched
   */
  public static ServerBinary consul() {
    return find(ServerKind.CONSUL, WantedServer.ANY_LINE);
  }

  /**
   * Finds Consul in a version line. Blocks while it looks, and for as long as a download takes
   * where one is needed.
   *
   * @param versionLine major and minor version, such as {@code "1.8"}
   * @return the executable
   * @throws IllegalArgumentException if the version line is not of that form
   * @throws ServerNotFoundException if there is none and none can be fetched
   */
  public static ServerBinary consul(String versionLine) {
    return find(ServerKind.CONSUL, requireLine(versionLine));
  }

  private static String requireLine(String versionLine) {
    if (versionLine.equals(WantedServer.ANY_LINE)) {
      throw new IllegalArgumentException("versionLine: empty (expected: major.minor, such as 3.5)");
    }
    return versionLine;
  }

  private static ServerBinary find(ServerKind kind, String line) {
    return FOUND.computeIfAbsent(
        new WantedServer(kind, line), wanted -> BinaryFinder.of(System.getenv()).find(wanted));
  }

  /**
   * Returns where the executable lies.
   *
   * @return an absolute path; within the image where the origin is one
   */
  public Path path() {
    return path;
  }

  /**
   * Returns the version that the executable gave of itself.
   *
   * @return for example {@code "3.5.16"}
   */
  public String version() {
    return version;
  }

  /**
   * Returns where it was found.
   *
   * @return the name of an environment variable, {@code "PATH"}, {@code "cache"}, {@code "Debian
   *     package"} or {@code "Docker image"}
   */
  public String origin() {
    return origin;
  }

  ServerProcess.Launcher launcher(ServerKind kind) {
    if (launcher != null) {
      return launcher;
    }
    return (arguments, folder, log) -> {
      List<String> command = new ArrayList<>(List.of(path.toString()));
      command.addAll(arguments);
      return ChildProcess.start(kind, command, folder, log);
    };
  }

  boolean isAtLeast(int major, int minor) {
    String[] parts = version.split("\\.", -1);
    int ownMajor = Integer.parseInt(parts[0]);
    return ownMajor > major || (ownMajor == major && Integer.parseInt(parts[1]) >= minor);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ServerBinary that
        && path.equals(that.path)
        && version.equals(that.version)
        && origin.equals(that.origin);
  }

  @Override
  public int hashCode() {
    return Objects.hash(path, version, origin);
  }

  @Override
  public String toString() {
    return path + " (" + version + ", " + origin + ")";
  }
}
