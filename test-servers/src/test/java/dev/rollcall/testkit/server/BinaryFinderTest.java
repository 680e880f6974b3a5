package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoProcessLeft.class)
@Timeout(120)
class BinaryFinderTest {
  private static final WantedServer ETCD_3_5 = new WantedServer(ServerKind.ETCD, "3.5");
  private static final String MIRROR = "http://mirror.test/debian/";
  private static final String TARGETS = "Debian|bookworm|main|" + MIRROR;

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private Path bin;

  @BeforeEach
  void emptyMachine() throws Exception {
    bin = Files.createDirectories(folder.resolve("bin"));
    environment.put("PATH", bin.toString());
    environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
  }

  /** Without an engine: what runs on this machine must not decide. */
  private BinaryFinder finder() {
    return BinaryFinder.of(environment, new ContainerEngine.None("no Docker engine runs"));
  }

  private ServerBinary find() {
    return finder().find(ETCD_3_5);
  }

  private Path cached(String version) {
    return FakePrograms.etcd(folder.resolve("cache/rollcall/servers/etcd-3.5"), version);
  }

  @Test
  void exactVariable_comesFirst() {
    Path exact = FakePrograms.etcd(folder.resolve("exact"), "3.5.1");
    Path general = FakePrograms.etcd(folder.resolve("general"), "3.5.2");
    FakePrograms.etcd(bin, "3.5.3");
    cached("3.5.4");
    environment.put("ROLLCALL_ETCD_3_5", exact.toString());
    environment.put("ROLLCALL_ETCD", general.toString());

    assertThat(find()).isEqualTo(new ServerBinary(exact, "3.5.1", "ROLLCALL_ETCD_3_5"));
    environment.remove("ROLLCALL_ETCD_3_5");
    assertThat(find()).isEqualTo(new ServerBinary(general, "3.5.2", "ROLLCALL_ETCD"));
  }

  @Test
  void generalVariable_ofAnotherVersion_isPassedOver() {
    Path general = FakePrograms.etcd(folder.resolve("general"), "3.4.9");
    environment.put("ROLLCALL_ETCD", general.toString());
    FakePrograms.etcd(bin, "3.5.3");
    cached("3.5.4");

    assertThat(find().origin()).isEqualTo("PATH");
    assertThat(finder().find(new WantedServer(ServerKind.ETCD, "3.4")).path()).isEqualTo(general);
  }

  @Test
  void path_isSearchedForAFittingVersion() {
    Path second = folder.resolve("second");
    FakePrograms.etcd(bin, "3.4.9");
    Path fitting = FakePrograms.etcd(second, "3.5.7");
    environment.put("PATH", bin + ":" + folder.resolve("missing") + ":" + second);

    assertThat(find()).isEqualTo(new ServerBinary(fitting, "3.5.7", "PATH"));
  }

  @Test
  void version_isNotAPrefix() {
    FakePrograms.etcd(bin, "3.50.1");
    cached("3.5.4");

    assertThat(find().origin()).isEqualTo("cache");
  }

  @Test
  void cache_isUsedBeforeFetching() {
    Path executable = cached("3.5.4");
    FakePrograms.apt(bin, TARGETS, "exit 1");

    assertThat(find()).isEqualTo(new ServerBinary(executable, "3.5.4", "cache"));
    assertThat(bin.resolve("sources")).doesNotExist();
  }

  @Test
  void consul_anyVersionWillDo() {
    FakePrograms.consul(bin, "1.20.1");

    ServerBinary found = finder().find(new WantedServer(ServerKind.CONSUL, WantedServer.ANY_LINE));

    assertThat(found.version()).isEqualTo("1.20.1");
    assertThat(found.isAtLeast(1, 14)).isTrue();
    assertThat(found.isAtLeast(1, 21)).isFalse();
    assertThat(found.isAtLeast(2, 0)).isFalse();
  }

  @Test
  void exactVariable_ofAnotherVersion_isRefused() {
    Path wrong = FakePrograms.etcd(folder.resolve("wrong"), "3.4.9");
    environment.put("ROLLCALL_ETCD_3_5", wrong.toString());
    FakePrograms.etcd(bin, "3.5.3");

    assertThatThrownBy(this::find)
        .isInstanceOf(ServerNotFoundException.class)
        .hasMessage("ROLLCALL_ETCD_3_5: " + wrong + " is 3.4.9 (expected: etcd 3.5)");
  }

  @Test
  void variable_withoutAnExecutable_isRefused() {
    environment.put("ROLLCALL_ETCD", "/nowhere/etcd");
    FakePrograms.etcd(bin, "3.5.3");

    assertThatThrownBy(this::find)
        .isInstanceOf(ServerNotFoundException.class)
        .hasMessage("ROLLCALL_ETCD: /nowhere/etcd (expected: an executable file)");
  }

  @Test
  void variable_ofAnotherProgram_isRefused() {
    Path other = FakePrograms.script(folder.resolve("other/etcd"), "echo hello");
    environment.put("ROLLCALL_ETCD", other.toString());

    assertThatThrownBy(this::find)
        .hasMessage("ROLLCALL_ETCD: " + other + " (expected: etcd that runs on this machine)");
  }

  @Test
  void nothingAnywhere_saysWhatToInstall() {
    assertThatThrownBy(this::find)
        .isInstanceOf(ServerNotFoundException.class)
        .hasMessage(
            "etcd 3.5 was not found: install it and put it on the PATH, set ROLLCALL_ETCD_3_5 to its"
                + " executable, or run Docker with Testcontainers on the class path (ROLLCALL_ETCD_3_5 is not set; ROLLCALL_ETCD is not set; the PATH"
                + " has no etcd; the cache folder has none; Debian's package needs apt-get and dpkg,"
                + " which are not on the PATH; no Docker engine runs)");
  }

  @Test
  void fetching_canBeForbidden() {
    FakePrograms.apt(bin, TARGETS, "");
    FakePrograms.dpkg(bin, "3.5.16");
    environment.put("ROLLCALL_FETCH", "false");

    assertThatThrownBy(this::find).hasMessageContaining("ROLLCALL_FETCH=false forbids fetching it");
    environment.put("ROLLCALL_FETCH", "no");
    assertThatThrownBy(this::find).hasMessage("ROLLCALL_FETCH: no (expected: true or false)");
  }

  @Test
  void unknownVersion_saysThatThereIsNoPackage() {
    assertThatThrownBy(() -> finder().find(new WantedServer(ServerKind.ETCD, "3.6")))
        .hasMessageContaining("etcd 3.6 was not found")
        .hasMessageContaining("no Debian package of that version is known");
  }

  @Test
  void versionLine_isChecked() {
    assertThatThrownBy(() -> ServerBinary.etcd("3"))
        .hasMessage("versionLine: 3 (expected: major.minor, such as 3.5)");
    assertThatThrownBy(() -> ServerBinary.etcd(""))
        .hasMessage("versionLine: empty (expected: major.minor, such as 3.5)");
  }

  @Test
  void package_isFetchedFromTheMachinesMirror_once() throws Exception {
    FakePrograms.apt(bin, TARGETS, "");
    FakePrograms.dpkg(bin, "3.5.16");

    ServerBinary fetched = find();

    assertThat(fetched.origin()).isEqualTo("Debian package");
    assertThat(fetched.path()).isEqualTo(folder.resolve("cache/rollcall/servers/etcd-3.5/etcd"));
    assertThat(bin.resolve("sources"))
        .hasContent("deb [target=Packages] " + MIRROR + " trixie main");
    assertThat(Files.readString(bin.resolve("config")))
        .contains("Acquire::AllowInsecureRepositories \"false\"")
        .contains("APT::Get::AllowUnauthenticated \"false\"");
    assertThat(find()).isEqualTo(new ServerBinary(fetched.path(), "3.5.16", "cache"));
    assertThat(bin.resolve("downloads")).hasContent("etcd-server");
    try (var left = Files.list(folder.resolve("cache/rollcall/servers"))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("etcd-3.5", ".etcd-3.5.lock");
    }
  }

  @Test
  void package_isFetchedOnce_byManyThreads() throws Exception {
    FakePrograms.apt(bin, TARGETS, "");
    FakePrograms.dpkg(bin, "3.5.16");
    ExecutorService executor = Executors.newFixedThreadPool(8);
    try {
      List<Future<ServerBinary>> finds =
          IntStream.range(0, 8).mapToObj(i -> executor.submit(this::find)).toList();
      for (Future<ServerBinary> found : finds) {
        assertThat(found.get().version()).isEqualTo("3.5.16");
      }
    } finally {
      executor.shutdown();
    }
    assertThat(bin.resolve("downloads")).hasContent("etcd-server");
  }

  @Test
  void package_isFetchedOnce_byManyJvms() throws Exception {
    FakePrograms.apt(bin, TARGETS, "");
    FakePrograms.dpkg(bin, "3.5.16");
    List<ChildJvm> jvms =
        IntStream.range(0, 4)
            .mapToObj(i -> ChildJvm.start(FindEtcd.class, environment, folder.resolve("jvm" + i)))
            .toList();

    Set<String> printed = jvms.stream().map(ChildJvm::output).collect(Collectors.toSet());

    assertThat(printed).containsExactly("3.5.16");
    assertThat(bin.resolve("downloads")).hasContent("etcd-server");
  }

  /** Runs in a JVM of its own. */
  static final class FindEtcd {
    public static void main(String[] arguments) {
      System.out.println(ServerBinary.etcd("3.5").version());
    }
  }

  @Test
  void mirror_isDebianOnly() throws Exception {
    FakePrograms.apt(
        bin,
        String.join(
            "\n",
            "Somebody|bookworm|main|http://somebody.test/apt/",
            "|stable|main|http://unknown.test/",
            "Debian|bookworm-security|main|http://mirror.test/debian-security/",
            "Debian|bookworm|contrib|http://contrib.test/",
            "Debian|bookworm|main|cdrom:[Debian]/",
            TARGETS),
        "echo 'E: first fails'; grep -q mirror.test \"$sources\"");
    FakePrograms.dpkg(bin, "3.5.16");

    assertThat(find().version()).isEqualTo("3.5.16");
    assertThat(Files.readString(bin.resolve("sources"))).contains(MIRROR).doesNotContain("unknown");
  }

  @Test
  void nextMirror_isTriedWhereTheFirstFails() throws Exception {
    FakePrograms.apt(
        bin,
        "Debian|bookworm|main|http://old.test/\nDebian|bookworm|main|" + MIRROR,
        "grep -q mirror.test \"$sources\"");
    FakePrograms.dpkg(bin, "3.5.16");

    assertThat(find().version()).isEqualTo("3.5.16");
    assertThat(Files.readAllLines(bin.resolve("sources"))).hasSize(2);
  }

  @Test
  void noDebianMirror_isSaid() {
    FakePrograms.apt(bin, "Ubuntu|jammy|main|http://mirror.test/ubuntu/", "");
    FakePrograms.dpkg(bin, "3.5.16");

    assertThatThrownBy(this::find)
        .hasMessageContaining("Debian's package needs a Debian mirror in apt's configuration");
  }

  @Test
  void unverifiableMirror_isRefused() {
    FakePrograms.apt(
        bin,
        TARGETS,
        "echo \"W: GPG error: the public key is not available: NO_PUBKEY 0123456789ABCDEF\"");
    FakePrograms.dpkg(bin, "3.5.16");

    assertThatThrownBy(this::find)
        .hasMessageContaining(
            "the mirror's signature of Debian trixie cannot be verified with this machine's"
                + " keyrings");
    assertThat(bin.resolve("downloads")).doesNotExist();
  }

  @Test
  void failure_doesNotShowCredentials() {
    FakePrograms.apt(
        bin, TARGETS, "echo 'E: Failed to fetch https://user:secret@mirror.test/x'; exit 100");
    FakePrograms.dpkg(bin, "3.5.16");

    assertThatThrownBy(this::find)
        .hasMessageContaining("apt-get update failed: E: Failed to fetch https://mirror.test/x")
        .hasMessageNotContaining("secret");
  }

  @Test
  void packageOfAnotherVersion_isNotTaken() {
    FakePrograms.apt(bin, TARGETS, "");
    FakePrograms.dpkg(bin, "3.6.1");

    assertThatThrownBy(this::find)
        .hasMessageContaining(
            "Debian's package etcd-server of trixie is another version or does not run on this"
                + " machine");
  }
}
