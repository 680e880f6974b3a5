package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.server.Centre;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What divides or orders a registry in a way that the centre does not keep is refused. */
class UnkeptTest {
  private static Centre centre;
  private static Client client;

  @BeforeAll
  static void start() {
    centre = CentreUnderTest.start("memory:");
    client = new Client(centre.uri() + "/v1");
  }

  @AfterAll
  static void stop() {
    centre.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/catalog/services?ns=team",
        "/agent/services?ns=team",
        "/kv/a?ns=team",
        "/health/service/web?partition=p",
        "/catalog/nodes?peer=other",
        "/health/service/web?near=elsewhere",
        "/catalog/service/web?near=elsewhere",
        "/catalog/nodes?near=_ip",
        "/health/state/any?near=elsewhere",
        "/health/checks/web?near=elsewhere",
      })
  void read(String path) {
    HttpResponse<String> refused = client.get(path);
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
    assertThat(refused.body()).containsAnyOf("Enterprise", "not served", "near: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/agent/service/register {\"Name\":\"a\",\"Namespace\":\"team\"}",
        "/agent/service/register?ns=team {\"Name\":\"a\"}",
        "/agent/service/register?partition=p {\"Name\":\"a\"}",
        "/agent/check/register {\"Name\":\"a\",\"TTL\":\"1h\",\"Namespace\":\"team\"}",
        "/catalog/register {\"Node\":\"n\",\"Address\":\"10.0.0.1\",\"Partition\":\"p\"}",
        "/catalog/register {\"Node\":\"n\",\"Address\":\"10.0.0.1\",\"PeerName\":\"p\"}",
        "/catalog/deregister {\"Node\":\"n\",\"Namespace\":\"team\"}",
        "/kv/a?ns=team x",
      })
  void write(String request) {
    int body = request.indexOf(' ');
    HttpResponse<String> refused =
        client.put(request.substring(0, body), request.substring(body + 1));
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
    assertThat(client.get("/agent/services").body()).isEqualTo("{}");
  }

  @Test
  void near_putsTheCentresOwnNodeFirst() {
    client.put(
        "/catalog/register",
        "{\"Node\":\"a\",\"Address\":\"10.0.0.1\",\"Service\":{\"Service\":\"near\",\"ID\":\"1\"}}");
    client.put("/agent/service/register", "{\"Name\":\"near\",\"ID\":\"2\"}");
    try {
      assertThat(client.get("/catalog/service/near").body()).containsSubsequence("\"a\"", "\"n1\"");
      for (String near : new String[] {"_agent", "n1"}) {
        assertThat(client.get("/catalog/service/near?near=" + near).body())
            .containsSubsequence("\"Node\":\"n1\"", "\"Node\":\"a\"");
        assertThat(client.get("/health/service/near?near=" + near).body())
            .containsSubsequence("\"Node\":\"n1\"", "\"Node\":\"a\"");
        assertThat(client.get("/catalog/nodes?near=" + near).body())
            .containsSubsequence("\"Node\":\"n1\"", "\"Node\":\"a\"");
      }
    } finally {
      client.put("/agent/service/deregister/2", "");
      client.put("/catalog/deregister", "{\"Node\":\"a\"}");
    }
  }
}
