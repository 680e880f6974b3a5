package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rollcall.RegistryException;
import dev.rollcall.server.Centre;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What later versions of Consul than the one that is compared with know. */
class LaterFieldsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LOCALITY = "{\"Region\":\"eu\",\"Zone\":\"eu-1\"}";
  private static final String PORTS =
      "[{\"Name\":\"web\",\"Port\":80,\"Default\":true},"
          + "{\"Name\":\"admin\",\"Port\":81,\"Default\":false}]";

  @TempDir Path data;

  private static JsonNode json(Client client, String path) throws Exception {
    return JSON.readTree(client.get(path).body());
  }

  private static void showsAll(Client client) throws Exception {
    JsonNode locality = JSON.readTree(LOCALITY);
    JsonNode ports = JSON.readTree(PORTS);
    for (JsonNode service :
        List.of(
            json(client, "/agent/services").path("shop"),
            json(client, "/agent/service/shop"),
            json(client, "/health/service/shop").path(0).path("Service"),
            json(client, "/catalog/node/n1").path("Services").path("shop"),
            json(client, "/health/service/far").path(0).path("Service"))) {
      assertThat(service.path("Locality")).as(service.toString()).isEqualTo(locality);
      assertThat(service.path("Ports")).as(service.toString()).isEqualTo(ports);
    }
    JsonNode entry = json(client, "/catalog/service/shop").path(0);
    assertThat(entry.path("ServiceLocality")).isEqualTo(locality);
    assertThat(entry.path("ServicePorts")).isEqualTo(ports);
    assertThat(json(client, "/catalog/node/ext").path("Node").path("Locality")).isEqualTo(locality);
    assertThat(json(client, "/health/service/consul").path(0).path("Service").fieldNames())
        .toIterable()
        .doesNotContain("Locality", "Ports");
  }

  @Test
  void localityAndPorts_areShown_andKept() throws Exception {
    String more = "\"Locality\":" + LOCALITY + ",\"Ports\":" + PORTS;
    try (Centre centre = CentreUnderTest.start("memory:", "n1", data)) {
      Client client = new Client(centre.uri() + "/v1");
      assertThat(client.put("/agent/service/register", "{\"Name\":\"shop\"," + more + "}"))
          .extracting(HttpResponse::statusCode)
          .isEqualTo(200);
      assertThat(
              client.put(
                  "/catalog/register",
                  "{\"Node\":\"ext\",\"Address\":\"10.0.0.1\",\"Locality\":"
                      + LOCALITY
                      + ",\"Service\":{\"Service\":\"far\","
                      + more
                      + "}}"))
          .extracting(HttpResponse::statusCode)
          .isEqualTo(200);
      showsAll(client);
    }
    try (Centre centre = CentreUnderTest.start("memory:", "n1", data)) {
      showsAll(new Client(centre.uri() + "/v1"));
    }
  }

  @Test
  void ports_thatAreNone_areRefused() {
    try (Centre centre = CentreUnderTest.start("memory:")) {
      Client client = new Client(centre.uri() + "/v1");
      for (String[] wrong :
          new String[][] {
            {"[{\"Port\":80}]", "Ports: Name \"\" (expected: one of its own for each)"},
            {
              "[{\"Name\":\"a\",\"Port\":80},{\"Name\":\"a\",\"Port\":81}]",
              "Ports: Name \"a\" (expected: one of its own for each)"
            },
            {"[{\"Name\":\"a\",\"Port\":70000}]", "Ports: Port 70000 (expected: 1-65535)"},
            {
              PORTS.replace("false", "true"),
              "Ports: 2 (expected: at most 64, of which one is Default)"
            },
          }) {
        HttpResponse<String> answer =
            client.put("/agent/service/register", "{\"Name\":\"shop\",\"Ports\":" + wrong[0] + "}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).isEqualTo(wrong[1]);
      }
      assertThat(client.get("/agent/services").body()).isEqualTo("{}");
    }
  }

  @Test
  void version_isSaidEverywhere_andBringsItsHeaders() throws Exception {
    for (String version : List.of(ConsulApiSettings.USUAL_VERSION, "1.9.0", "1.22.1")) {
      boolean isLater = !version.equals(ConsulApiSettings.USUAL_VERSION);
      try (Centre centre = reporting(version)) {
        Client client = new Client(centre.uri() + "/v1");
        assertThat(json(client, "/agent/self").path("Config").path("Version").asText())
            .isEqualTo(version);
        assertThat(json(client, "/agent/version").path("HumanVersion").asText()).isEqualTo(version);
        assertThat(json(client, "/agent/members").path(0).path("Tags").path("build").asText())
            .startsWith(version);
        assertThat(
                json(client, "/health/service/consul")
                    .path(0)
                    .path("Service")
                    .path("Meta")
                    .path("version")
                    .asText())
            .isEqualTo(version);
        for (String path : List.of("/health/service/consul", "/agent/self", "/kv/none", "/nope")) {
          HttpResponse<String> answer = client.get(path);
          assertThat(answer.headers().firstValue("X-Consul-Default-ACL-Policy").isPresent())
              .as(version + path)
              .isEqualTo(isLater);
          assertThat(answer.headers().firstValue("X-Consul-Query-Backend").isPresent())
              .as(version + path)
              .isEqualTo(isLater && (path.startsWith("/health") || path.startsWith("/kv")));
        }
      }
    }
    assertThatThrownBy(() -> reporting("latest"))
        .isInstanceOf(RegistryException.class)
        .hasMessage("version: latest (expected: one of Consul's, such as 1.8.7)");
  }

  private static Centre reporting(String version) {
    ConsulApiSettings settings =
        new ConsulApiSettings("dc1", "n1", 100, 1, Permissions.everything()).reporting(version);
    return Centre.builder("memory:")
        .port(0)
        .part(context -> new ConsulApi(context, settings))
        .start();
  }
}
