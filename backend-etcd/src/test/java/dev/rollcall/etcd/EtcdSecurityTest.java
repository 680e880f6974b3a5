package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.check;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.TestCertificate;
import io.etcd.jetcd.Auth;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.auth.Permission;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Who may ask, and whom the client believes. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
final class EtcdSecurityTest {
  private static final String SECRET = "canary-4711";

  private Rig rig;

  @BeforeEach
  void start() {
    rig = new Rig();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  @Test
  @DisplayName("a user without permission is told so, and served once it is granted")
  void permissionLaterGranted() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      withUsers(server);
      EtcdBackend root = rig.backend(uri(server, "root", "rootpw"));
      put(root, instance("a", 1));
      EtcdBackend poor = rig.backend(uri(server, "poor", SECRET));
      RecordingSink sink = rig.sink(poor);

      within(
          Duration.ofSeconds(5),
          () -> assertThat(sink.interruptions()).extracting(e -> e.kind()).contains(Kind.DENIED));
      RegistryException refused =
          assertThrows(RegistryException.class, () -> put(poor, instance("b", 1)));
      assertThat(refused.kind()).isEqualTo(Kind.DENIED);
      assertThat(refused.toString()).contains("permission denied").doesNotContain(SECRET);

      auth(
          server,
          auth ->
              auth.roleGrantPermission(
                      bytes("reader"),
                      bytes("/rollcall/"),
                      bytes("/rollcall0"),
                      Permission.Type.READWRITE)
                  .get());
      within(
          Duration.ofSeconds(12), () -> assertThat(sink.state()).containsExactly(instance("a", 1)));
      within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live"));
      put(poor, instance("b", 1));
    }
  }

  @Test
  @DisplayName("a watch whose permission is taken away says so")
  void permissionTakenAway() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      withUsers(server);
      auth(
          server,
          auth ->
              auth.roleGrantPermission(
                      bytes("reader"),
                      bytes("/rollcall/"),
                      bytes("/rollcall0"),
                      Permission.Type.READWRITE)
                  .get());
      RecordingSink sink = rig.liveSink(rig.backend(uri(server, "poor", SECRET)));
      auth(
          server,
          auth ->
              auth.roleRevokePermission(bytes("reader"), bytes("/rollcall/"), bytes("/rollcall0"))
                  .get());
      server.kill();
      server.start();

      within(
          Duration.ofSeconds(10),
          () -> assertThat(sink.interruptions()).extracting(e -> e.kind()).contains(Kind.DENIED));
      assertThat(sink.removals()).isEmpty();
    }
  }

  @Test
  @DisplayName("a wrong password is a refusal that does not show it")
  void wrongPassword() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.4")) {
      withUsers(server);
      EtcdBackend backend = rig.backend(uri(server, "root", SECRET));
      RegistryException refused =
          assertThrows(
              RegistryException.class, () -> done(backend.snapshot(Selector.everything())));
      assertThat(refused.kind()).isEqualTo(Kind.DENIED);
      for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
        assertThat(cause.toString()).doesNotContain(SECRET);
      }
      RecordingSink sink = rig.sink(backend);
      within(
          Duration.ofSeconds(10),
          () -> assertThat(sink.interruptions()).extracting(e -> e.kind()).contains(Kind.DENIED));
    }
  }

  @Test
  @DisplayName("an expired login is renewed: the server forgot its tokens in a restart")
  void tokenForgotten() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      withUsers(server);
      EtcdBackend backend = rig.backend(uri(server, "root", "rootpw"));
      put(backend, instance("a", 1));
      RecordingSink sink = rig.liveSink(backend);
      server.kill();
      server.start();
      within(Duration.ofSeconds(10), () -> put(backend, instance("b", 1)));
      within(Duration.ofSeconds(10), () -> assertThat(sink.state()).hasSize(2));
    }
  }

  @Test
  @DisplayName("TLS: served with the right CA, refused with a wrong one, before a password is sent")
  void tlsWithAWrongCa(@TempDir Path folder) throws Exception {
    TestCertificate right = TestCertificate.make(folder.resolve("right"));
    TestCertificate wrong = TestCertificate.make(folder.resolve("wrong"));
    try (EtcdServer server =
        EtcdServer.builder("3.5").tls(right.certificate(), right.key()).launch()) {
      String address = server.tlsEndpoint().replace("https://", "etcds://");
      EtcdBackend good = rig.backend(address + "?ca=" + right.certificate());
      put(good, instance("a", 1));

      EtcdBackend bad =
          rig.backend(address + "?user=root&password=" + SECRET + "&ca=" + wrong.certificate());
      RegistryException refused =
          assertThrows(RegistryException.class, () -> done(bad.snapshot(Selector.everything())));
      assertThat(refused.kind()).isEqualTo(Kind.DENIED);
      assertThat(refused.getMessage()).contains("TLS").doesNotContain(SECRET);
    }
  }

  @Test
  @DisplayName("TLS: a missing client certificate is an error by the deadline, not silence")
  void tlsWithoutAClientCertificate(@TempDir Path folder) throws Exception {
    TestCertificate own = TestCertificate.make(folder.resolve("own"));
    try (EtcdServer server =
        EtcdServer.builder("3.5")
            .tls(own.certificate(), own.key())
            .clientAuthority(own.certificate())
            .launch()) {
      String address = server.tlsEndpoint().replace("https://", "etcds://");
      EtcdBackend with =
          rig.backend(
              address
                  + "?ca="
                  + own.certificate()
                  + "&cert="
                  + own.certificate()
                  + "&key="
                  + own.key());
      put(with, instance("a", 1));
      EtcdBackend without = rig.backend(address + "?timeout=2s&ca=" + own.certificate());
      assertThrows(RegistryException.class, () -> done(without.snapshot(Selector.everything())));
      RecordingSink sink = rig.sink(without);
      within(Duration.ofSeconds(10), () -> assertThat(sink.interruptions()).isNotEmpty());
    }
  }

  private static String uri(EtcdServer server, String user, String password) {
    return "etcd://127.0.0.1:" + server.port() + "?user=" + user + "&password=" + password;
  }

  private static void withUsers(EtcdServer server) throws Exception {
    try (Client client = Client.builder().endpoints(server.endpoint()).build()) {
      Auth auth = client.getAuthClient();
      auth.userAdd(bytes("root"), bytes("rootpw")).get();
      auth.roleAdd(bytes("root")).get();
      auth.userGrantRole(bytes("root"), bytes("root")).get();
      auth.userAdd(bytes("poor"), bytes(SECRET)).get();
      auth.roleAdd(bytes("reader")).get();
      auth.userGrantRole(bytes("poor"), bytes("reader")).get();
      auth.authEnable().get();
    }
  }

  private static void auth(EtcdServer server, Change change) throws Exception {
    try (Client client =
        Client.builder()
            .endpoints(server.endpoint())
            .user(bytes("root"))
            .password(bytes("rootpw"))
            .build()) {
      change.to(client.getAuthClient());
    }
  }

  /** A change of who may do what. */
  private interface Change {
    void to(Auth auth) throws Exception;
  }
}
