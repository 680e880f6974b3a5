package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve} as a process, with our own Consul backend and plain HTTP as its clients. */
class ServeProcessTest {
  private static final Pattern READY =
      Pattern.compile("rollcall: ready at (http://127\\.0\\.0\\.1:(\\d+))");

  @TempDir Path folder;

  private final HttpClient http = HttpClient.newHttpClient();

  private HttpResponse<String> get(String uri) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void serve_saysWhereOnce_servesEverything_andStopsWhenTold() throws Exception {
    try (Program program = Program.start(folder, "", "serve", "--port=0")) {
      program.awaitOut("rollcall: ready at ");
      Matcher ready = READY.matcher(program.out());
      assertThat(ready.find()).as(program.out()).isTrue();
      String uri = ready.group(1);

      try (Registry registry = Registry.open("consul://127.0.0.1:" + ready.group(2))) {
        registry
            .register(
                ServiceInstance.builder("orders").id("o-1").address("127.0.0.1", 8080).build(),
                Liveness.permanent())
            .join();
        assertThat(get(uri + "/v1/catalog/services").body()).contains("\"orders\"");
        assertThat(registry.snapshot("orders").join().instances()).hasSize(1);
      }
      assertThat(get(uri + "/health/ready").statusCode()).isEqualTo(200);
      assertThat(get(uri + "/metrics").body()).contains("rollcall");
      HttpResponse<String> page = get(uri + "/");
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(page.headers().firstValue("content-security-policy")).isPresent();
      assertThat(
              http.send(
                      HttpRequest.newBuilder(URI.create(uri + "/services"))
                          .POST(HttpRequest.BodyPublishers.ofString("no json"))
                          .build(),
                      HttpResponse.BodyHandlers.ofString())
                  .statusCode())
          .isEqualTo(400);

      program.signal("TERM");
      assertThat(program.exitCode()).isIn(0, 143);
      assertThat(READY.matcher(program.out()).results().count()).isEqualTo(1);
    }
  }

  private HttpResponse<String> put(String uri, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(uri))
            .PUT(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String awaitUri(Program program) {
    program.awaitOut("rollcall: ready at ");
    Matcher ready = READY.matcher(program.out());
    assertThat(ready.find()).as(program.out()).isTrue();
    return ready.group(1);
  }

  @Test
  void serve_keepsWhatIsRegistered_inAFolderOfTheUsers() throws Exception {
    try (Program program = Program.start(folder, "", "serve", "--port=0")) {
      String uri = awaitUri(program);
      assertThat(put(uri + "/v1/agent/service/register", "{\"Name\":\"orders\"}").statusCode())
          .isEqualTo(200);
      assertThat(put(uri + "/v1/kv/pool", "20").body()).isEqualTo("true");
      assertThat(program.out()).doesNotContain("nothing is kept");
      program.signal("KILL");
      assertThat(program.exitCode()).isEqualTo(137);
    }
    try (Program program = Program.start(folder, "", "serve", "--port=0")) {
      String uri = awaitUri(program);
      assertThat(get(uri + "/v1/agent/services").body()).contains("orders");
      assertThat(get(uri + "/v1/kv/pool?raw").body()).isEqualTo("20");

      Run second = Program.run(folder, "", "serve", "--port=0");
      assertThat(second.code()).as(second.err()).isEqualTo(1);
      assertThat(second.err()).contains("rollcall: data: ", "another process has it");
    }
    Path kept = folder.resolve("data/rollcall/centre");
    assertThat(kept).isDirectoryContaining(each -> each.toString().contains("rollcall-memory-"));
  }

  @Test
  void serve_withoutData_saysThatNothingIsKept() throws Exception {
    try (Program program = Program.start(folder, "", "serve", "--port=0", "--no-data")) {
      awaitUri(program);
      program.awaitOut(", and nothing is kept\n");
      assertThat(folder.resolve("data")).doesNotExist();
    }
    Run both = Run.of("serve", "--port=0", "--no-data", "--data=" + folder.resolve("x"));
    assertThat(both.code()).isEqualTo(2);
    assertThat(both.err()).contains("--data, --no-data");
  }

  @Test
  void serve_takesTheStoreFromTheEnvironment_andShowsItNowhere() throws Exception {
    Run run = Program.run(folder, "nowhere://store", "serve", "--port=0");
    assertThat(run.code()).as(run.out() + run.err()).isNotZero();
    assertThat(run.err()).contains("nowhere");

    Run help = Program.run(folder, "etcd://me:hidden@127.0.0.1:2379", "serve", "--help");
    assertThat(help.code()).isZero();
    assertThat(help.out()).contains("ROLLCALL_BACKEND").doesNotContain("hidden");
  }

  @Test
  void serve_beyondThisMachine_withoutTokens_isRefused() {
    Run run = Run.of("serve", "--port=0", "--host=0.0.0.0");
    assertThat(run.code()).as(run.out() + run.err()).isNotZero();
    assertThat(run.err()).contains("token");
  }

  @Test
  void serve_withHalfOfTls_isRefused() {
    Run run = Run.of("serve", "--port=0", "--tls-cert=some.pem");
    assertThat(run.code()).isNotZero();
    assertThat(run.err()).contains("--tls-cert").contains("both");
  }
}
