package dev.rollcall.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.testkit.server.EtcdExtension;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class WebServiceTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  @TempDir Path folder;
  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void web_servesIsFoundAndLeaves() throws Exception {
    String store = "etcd://127.0.0.1:" + etcd.port() + "/web";
    try (Registry witness = Registry.open(store);
        ExampleProcess web = ExampleProcess.start(folder, WebService.class, store, "hello", "0")) {
      var serving = web.await("serving (hello-[0-9a-f-]{36}) on (http://127.0.0.1:[0-9]+)");
      String id = serving.group(1);
      String url = serving.group(2);

      assertThat(get(url + "/say-hello").body()).isEqualTo("{\"message\":\"Hello World\"}");
      assertThat(get(url + "/health").body()).isEqualTo("{\"status\":true}");
      HttpResponse<String> missing = get(url + "/discovery");
      assertThat(missing.statusCode()).isEqualTo(400);
      assertThat(missing.body()).isEqualTo("{\"error\":\"serviceName: missing\"}");
      assertThat(get(url + "/discovery?serviceName=a%2Fb").statusCode()).isEqualTo(400);
      assertThat(get(url + "/discovery?serviceName=nobody").body())
          .isEqualTo("{\"instances\":[],\"error\":\"\"}");
      assertThat(get(url + "/nowhere").body()).startsWith("{\"error\":");

      // Critical until its check of /health has passed, and not shown before. On Consul, which puts
      // the first check anywhere within its 15 s, this would take just that.
      Awaitility.await()
          .atMost(60, TimeUnit.SECONDS)
          .until(() -> get(url + "/discovery?serviceName=hello").body().contains("\"id\":\"" + id));

      web.terminate();
      assertThat(web.exitCode()).isEqualTo(143);
      assertThat(web.out()).contains("deregistered " + id);
      assertThat(witness.snapshot("hello").join().all()).isEmpty();
    }
  }

  @Test
  void wrongArguments_areNamed() throws Exception {
    try (ExampleProcess web = ExampleProcess.start(folder, WebService.class, "memory:")) {
      assertThat(web.exitCode()).isEqualTo(2);
      assertThat(web.out()).contains("usage: web STORE NAME PORT");
    }
  }

  private HttpResponse<String> get(String url) throws Exception {
    return http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
  }
}
