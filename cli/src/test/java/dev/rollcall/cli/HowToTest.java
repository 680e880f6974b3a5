package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.EtcdExtension;
import dev.rollcall.testkit.server.TestCertificate;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of {@code docs/how-to-*.md} as they are run, on stores and centres at other ports.
 */
class HowToTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final String CENTRE = "docs/how-to-run-the-centre.md";
  private static final String RESTART = "docs/how-to-restart-without-errors.md";
  private static final String STORES = "docs/how-to-use-several-stores.md";

  private static final Pattern READY = Pattern.compile("ready at https?://[^ ]*:(\\d+)\n");

  @TempDir Path folder;

  @Test
  void pages_haveNoCommandThatIsNotRunHere() throws IOException {
    assertThat(blocks(CENTRE, "")).hasSize(6);
    assertThat(blocks(RESTART, "")).hasSize(1);
    assertThat(blocks(STORES, "")).hasSize(1);
  }

  @Test
  void centre_isStartedUsedAndAsked() throws Exception {
    List<String> use = blocks(CENTRE, "").get(1).lines().toList();
    try (Program centre = serve(blocks(CENTRE, "").get(0))) {
      assertThat(centre.out().replaceAll(":\\d+\n", ":8500\n"))
          .isEqualTo(blocks(CENTRE, "text").get(0) + "\n");
      String port = port(centre);

      Run register = run(use.get(0).replace("8500", port));
      assertThat(register.code()).as(register.err()).isZero();
      assertThat(run(use.get(1).replace("8500", port)).out()).contains("orders", "passing");
      assertThat(curl(use.get(2).replace("8500", port), HttpClient.newHttpClient()).body())
          .contains("\"orders\"");

      String ready = blocks(CENTRE, "").get(5).replace("8500", port);
      assertThat(curl(ready, HttpClient.newHttpClient()).statusCode()).isEqualTo(200);
      centre.signal("TERM");
      assertThat(centre.exitCode()).isIn(0, 143);
    }
  }

  @Test
  void centre_inFrontOfAStore_sharesItWithOthers() throws Exception {
    String serve = blocks(CENTRE, "").get(2).replace(":2379", ":" + etcd.port());
    List<String> use = blocks(CENTRE, "").get(1).lines().toList();
    try (Program first = serve(serve);
        Program second = serve(serve.replace("centre-1", "centre-2"))) {
      Run register = run(use.get(0).replace("8500", port(first)));
      assertThat(register.code()).as(register.err()).isZero();
      // The second centre hears of it from the store.
      await()
          .untilAsserted(
              () ->
                  assertThat(run(use.get(1).replace("8500", port(second))).out())
                      .contains("orders"));
    }
  }

  @Test
  void centre_withTokensAndTls_refusesStrangers() throws Exception {
    Path tokens = folder.resolve("tokens.txt");
    Files.createFile(
        tokens, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    String lines = blocks(CENTRE, "text").get(1);
    Files.writeString(tokens, lines + "\n");
    Matcher token = Pattern.compile("token:(\\S+)").matcher(lines);
    assertThat(token.find()).isTrue();
    SSLContext trusted = TestCertificate.make(folder, "DNS:localhost").trusting();

    String serve = blocks(CENTRE, "").get(3).replaceAll("([a-z]+\\.(txt|pem))", folder + "/$1");
    String ask = blocks(CENTRE, "").get(4);
    HttpClient client = HttpClient.newBuilder().sslContext(trusted).build();
    try (Program centre = serve(serve)) {
      String asked = ask.replace("8500", port(centre));
      assertThat(curl(asked.replace("$TOKEN", token.group(1)), client).statusCode()).isEqualTo(200);
      assertThat(curl(asked.replaceAll("-H \"[^\"]*\" ", ""), client).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void restart_theNewProgramIsThereBeforeTheOldOneLeaves() throws Exception {
    List<String> commands = blocks(RESTART, "").get(0).lines().toList();
    assertThat(commands).hasSize(3);
    String store = "etcd://127.0.0.1:" + etcd.port() + "/restart";
    String[] start = words(commands.get(0).replace("./orders", "sleep 600"));
    try (Program old = Program.start(folder, store, replaced(start, "new", "old"))) {
      old.awaitErr("registered orders/old");
      try (Program next = Program.start(folder, store, start)) {
        next.awaitErr("registered orders/new");
        assertThat(run(commands.get(1) + " --backend " + store).out()).contains("old", "new");

        assertThat(commands.get(2)).isEqualTo("kill -TERM $OLD");
        old.signal("TERM");
        old.exitCode();
        assertThat(run(commands.get(1) + " --backend " + store).out())
            .contains("new")
            .doesNotContain("old");
      }
    }
  }

  @Test
  void severalStores_areCompared() throws Exception {
    List<String> commands = blocks(STORES, "").get(0).lines().toList();
    assertThat(commands).hasSize(2);
    for (String command : commands) {
      String here =
          command.replace(":2379", ":" + etcd.port()).replace(":8500", ":" + consul.port());
      String store = here.substring(here.indexOf("--backend ") + "--backend ".length());
      Run register =
          run("./rollcall register orders --id a --port 8080 --permanent --backend " + store);
      assertThat(register.code()).as(register.err()).isZero();
      assertThat(run(here).out()).contains("a", "127.0.0.1:8080");
    }
  }

  // ---- commands

  private Program serve(String command) throws Exception {
    String[] words = words(command);
    String[] atAnyPort = Arrays.copyOf(words, words.length + 1);
    atAnyPort[words.length] = "--port=0";
    Program centre = Program.start(folder, "", atAnyPort);
    centre.awaitOut("ready at ");
    return centre;
  }

  private static String port(Program centre) {
    Matcher ready = READY.matcher(centre.out());
    assertThat(ready.find()).as(centre::toString).isTrue();
    return ready.group(1);
  }

  private static Run run(String command) {
    return Run.of(words(command));
  }

  private static String[] words(String command) {
    assertThat(command).startsWith("./rollcall ");
    return command.replace("./rollcall ", "").split(" ");
  }

  private static String[] replaced(String[] words, String from, String to) {
    return Stream.of(words).map(word -> word.equals(from) ? to : word).toArray(String[]::new);
  }

  /** What curl would be answered. */
  private static HttpResponse<String> curl(String command, HttpClient client) throws Exception {
    assertThat(command).startsWith("curl ");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(command.substring(command.lastIndexOf(' ') + 1)));
    Matcher header = Pattern.compile("-H \"([^:]+): ([^\"]+)\"").matcher(command);
    if (header.find()) {
      request.header(header.group(1), header.group(2));
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static List<String> blocks(String document, String language) throws IOException {
    return Pattern.compile("^```([a-z]*)\n(.*?)\n```$", Pattern.DOTALL | Pattern.MULTILINE)
        .matcher(Files.readString(Checkout.file(document)))
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2))
        .toList();
  }
}
