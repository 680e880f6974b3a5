package dev.rollcall.examples.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.testkit.server.ConsulExtension;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The program as it is started, in memory and on a real Consul, and the calls that it names. */
class ShopTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Pattern CURL = Pattern.compile("curl (http://\\S+)");

  @TempDir Path folder;
  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void inMemory_theyFindEachOther() throws Exception {
    assertFindEachOther(jar(), PATIENCE);
  }

  @Test
  void onConsul_byOneProperty_theyFindEachOther() throws Exception {
    List<String> command = new ArrayList<>(jar());
    command.add("--rollcall.uri=consul://127.0.0.1:" + consul.port());
    assertFindEachOther(command, PATIENCE);
    assertThat(get(consul.endpoint() + "/v1/agent/services").body())
        .as("they have left")
        .doesNotContain("orders", "customers");
  }

  @Test
  @Tag("long") // it builds what the program needs
  void theOneCommand_buildsAndStartsIt() throws Exception {
    Path launcher = checkout().resolve("rollcall");
    assertFindEachOther(
        List.of(launcher.toString(), "example", "spring-boot"), Duration.ofMinutes(20));
  }

  private void assertFindEachOther(List<String> command, Duration patience) throws Exception {
    Path log = folder.resolve("log");
    Process shop =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      await().atMost(patience).until(() -> urls(log).size() == 2 || !shop.isAlive());
      assertThat(urls(log)).as(Files.readString(log)).hasSize(2);
      assertAnswers(urls(log).get(0), "order 1 is of Ada");
      assertAnswers(urls(log).get(1), "Ada has 2 orders");
      shop.destroy();
      assertThat(shop.waitFor(1, TimeUnit.MINUTES)).as(Files.readString(log)).isTrue();
    } finally {
      shop.destroyForcibly();
    }
  }

  /** Not with the first call: the other one may have started this very moment. */
  private void assertAnswers(String url, String answer) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(get(url).body()).isEqualTo(answer));
  }

  private HttpResponse<String> get(String url) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static List<String> urls(Path log) throws IOException {
    return CURL.matcher(Files.readString(log))
        .results()
        .map((MatchResult found) -> found.group(1))
        .toList();
  }

  private static List<String> jar() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-jar",
        System.getProperty("example.jar"));
  }

  private static Path checkout() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("rollcall"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
