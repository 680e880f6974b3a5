package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Asks a real agent and the centre the same, call by call, and compares status, headers, field
 * names, types, nulls and texts. What is volatile ({@link Normal}) counts by its type.
 */
class FaithfulTest {
  private static ConsulServer consul;
  private static Centre centre;
  private static Client real;
  private static Client ours;
  private static String leader;

  @BeforeAll
  static void start() {
    consul = ConsulServer.builder().hcl("performance{raft_multiplier=1}").launch();
    centre = CentreUnderTest.start("memory:", 0, consul.name());
    real = new Client(consul.endpoint() + "/v1");
    ours = new Client(centre.uri() + "/v1");
    leader = real.get("/status/leader").body().strip().replace("\"", "");
  }

  @AfterAll
  static void stop() {
    centre.close();
    consul.close();
  }

  private static String normal(HttpResponse<String> response, boolean isReal) {
    return Normal.of(response, isReal ? leader : "127.0.0.1:" + centre.port());
  }

  /** Both are told the same, and say the same. */
  private static void same(String method, String path, String body) {
    String expected = normal(real.send(method, path, body).join(), true);
    assertThat(normal(ours.send(method, path, body).join(), false))
        .as("%s %s %s", method, path, body)
        .isEqualTo(expected);
  }

  /** Both come to show the same: an agent is ahead of its catalog. */
  private static void same(String path) {
    await()
        .atMost(Duration.ofMinutes(1))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () -> {
              String expected = normal(real.get(path), true);
              assertThat(normal(ours.get(path), false)).as(path).isEqualTo(expected);
            });
  }

  private static final String[] READS = {
    "/agent/self",
    "/agent/members",
    "/agent/services",
    "/agent/services?filter=Service==web",
    "/agent/services?filter=%22a%22+in+Tags+and+not+Port==1",
    "/agent/service/web1",
    "/agent/service/web2",
    "/agent/service/nope",
    "/agent/checks",
    "/agent/health/service/id/web1",
    "/agent/health/service/id/nope",
    "/agent/health/service/name/bare",
    "/agent/health/service/name/nope",
    "/agent/health/service/id/bare?format=text",
    "/catalog/datacenters",
    "/catalog/nodes",
    "/catalog/nodes?node-meta=no:such",
    "/catalog/nodes?filter=Node!=x",
    "/catalog/services",
    "/catalog/services?node-meta=no:such",
    "/catalog/service/web",
    "/catalog/service/web?tag=a",
    "/catalog/service/web?tag=a&tag=b",
    "/catalog/service/web?near=_agent",
    "/catalog/nodes?near=_agent",
    "/health/service/web?near=NODE",
    "/catalog/services?ns=x",
    "/agent/services?ns=x",
    "/catalog/service/web?filter=ServiceMeta.k==v",
    "/catalog/service/nope",
    "/catalog/node/NODE",
    "/catalog/node/nope",
    "/catalog/node-services/NODE",
    "/health/node/NODE",
    "/health/node/nope",
    "/health/checks/web",
    "/health/checks/nope",
    "/health/service/web",
    "/health/service/web?passing",
    "/health/service/web?passing=false",
    "/health/service/web?tag=b",
    "/health/service/web?stale",
    "/health/service/web?consistent",
    "/health/service/nope",
    "/health/service/web?filter=Service.ID==web1",
    "/health/service/web?filter=Service.Meta.k+is+empty",
    "/health/service/web?filter=%22k%22+in+Service.Meta",
    "/health/service/web?filter=Service.Tags+contains+%22a%22+or+Service.Port==8081",
    "/health/service/web?filter=not+(Service.Tags+is+empty)",
    "/health/service/web?filter=Service.ID+matches+%22%5Eweb%5B12%5D%24%22",
    "/health/state/any",
    "/health/state/passing",
    "/health/state/warning",
    "/health/state/critical",
    "/health/state/bogus",
    "/health/state/any?filter=ServiceName==web",
    "/event/list",
    "/status/leader",
    "/status/peers",
  };

  private static void sameReads() {
    for (String read : READS) {
      same(read.replace("NODE", consul.name()));
    }
  }

  @Test
  void reads_ofAnEmptyRegistry() {
    wipe();
    for (String read : READS) {
      same(read.replace("NODE", consul.name()));
    }
  }

  @Test
  void life_ofServicesAndChecks() {
    wipe();
    same(
        "PUT",
        "/agent/service/register",
        "{\"ID\":\"web1\",\"Name\":\"web\",\"Port\":8080,\"Address\":\"10.0.0.1\",\"Tags\":[\"a\",\"b\"],"
            + "\"Meta\":{\"k\":\"v\"},\"Check\":{\"TTL\":\"1h\",\"DeregisterCriticalServiceAfter\":\"1m\"}}");
    same("PUT", "/agent/service/register", "{\"Name\":\"bare\"}");
    same(
        "PUT",
        "/agent/service/register",
        "{\"ID\":\"web2\",\"Name\":\"web\",\"Port\":8081,\"Address\":\"::1\",\"Checks\":[{\"TTL\":\"1h\",\"Status\":"
            + "\"passing\"},{\"HTTP\":\"http://127.0.0.1:1/x\",\"Interval\":\"1h\",\"Name\":\"hh\","
            + "\"Notes\":\"nn\"},{\"CheckID\":\"tt\",\"TCP\":\"127.0.0.1:1\",\"Interval\":\"1h\",\"Timeout\":"
            + "\"1s\"}],\"Weights\":{\"Passing\":5,\"Warning\":2},\"EnableTagOverride\":true,"
            + "\"tagged_addresses\":{\"lan\":{\"address\":\"1.2.3.4\",\"port\":80}}}");
    same("PUT", "/agent/check/register", "{\"Name\":\"nodecheck\",\"TTL\":\"1h\",\"Notes\":\"x\"}");
    same(
        "PUT",
        "/agent/check/register",
        "{\"Name\":\"asks\",\"ID\":\"tt2\",\"HTTP\":\"http://127.0.0.1:1/\",\"Interval\":\"1h\","
            + "\"Method\":\"POST\",\"Header\":{\"X-Token\":[\"a\",\"b\"],\"Accept\":[]},\"Body\":\"{}\"}");
    same("PUT", "/agent/check/deregister/tt2", "");
    sameReads();
    same("PUT", "/agent/check/pass/service:web1?note=hello", "");
    same("PUT", "/agent/check/warn/nodecheck", "");
    sameReads();
    same("PUT", "/agent/check/update/service:web1", "{\"Status\":\"warning\",\"Output\":\"ouch\"}");
    same("PUT", "/agent/check/fail/nodecheck?note=bad", "");
    sameReads();
    same("PUT", "/agent/service/maintenance/web1?enable=true&reason=why", "");
    same("PUT", "/agent/maintenance?enable=true", "");
    sameReads();
    same("PUT", "/agent/service/maintenance/web1?enable=false", "");
    same("PUT", "/agent/maintenance?enable=false", "");
    same("PUT", "/agent/check/deregister/nodecheck", "");
    // A registration keeps the state of its checks, and leaves others where they are.
    same(
        "PUT",
        "/agent/service/register",
        "{\"ID\":\"web1\",\"Name\":\"web\",\"Port\":8080,\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}");
    same("PUT", "/agent/service/register", "{\"ID\":\"web2\",\"Name\":\"web\",\"Port\":8082}");
    sameReads();
    same(
        "PUT",
        "/agent/service/register?replace-existing-checks=true",
        "{\"ID\":\"web2\",\"Name\":\"web\",\"Port\":8082,\"Check\":{\"CheckID\":\"only\",\"TTL\":\"1h\"}}");
    sameReads();
    same("PUT", "/agent/service/deregister/web1", "");
    same("PUT", "/agent/service/deregister/bare", "");
    sameReads();
    same("PUT", "/agent/service/deregister/web2", "");
    sameReads();
  }

  @Test
  void life_ofExternalNodes() {
    wipe();
    same(
        "PUT",
        "/catalog/register",
        "{\"Node\":\"ext\",\"Address\":\"10.9.9.9\",\"NodeMeta\":{\"external\":\"true\"},\"Service\":{\"Service\":"
            + "\"extsvc\",\"Port\":9,\"Tags\":[\"t\"]},\"Check\":{\"Name\":\"c\",\"Status\":\"passing\","
            + "\"ServiceID\":\"extsvc\"}}");
    for (String read :
        List.of(
            "/catalog/nodes",
            "/catalog/nodes?node-meta=external:true",
            "/catalog/services?node-meta=external:true",
            "/catalog/node/ext",
            "/catalog/service/extsvc",
            "/health/service/extsvc?passing",
            "/health/node/ext",
            "/health/state/any")) {
      same(read);
    }
    same("PUT", "/catalog/deregister", "{\"Node\":\"ext\",\"ServiceID\":\"extsvc\"}");
    same("/catalog/node/ext");
    same("PUT", "/catalog/deregister", "{\"Node\":\"ext\"}");
    same("/catalog/nodes");
  }

  @Test
  void refusals_inTheSameWords() {
    wipe();
    same(
        "PUT",
        "/agent/service/register",
        "{\"ID\":\"web1\",\"Name\":\"web\",\"Check\":{\"TTL\":\"1h\"}}");
    String register = "/agent/service/register";
    for (String body :
        List.of(
            "",
            "{",
            "x",
            "{}",
            "{\"Name\":\"x\",\"Bogus\":1}",
            "{\"Name\":\"x\",\"Check\":{\"Interval\":\"5s\"}}",
            "{\"Name\":\"x\",\"Check\":{\"HTTP\":\"http://x\"}}",
            "{\"Name\":\"x\",\"Check\":{\"TTL\":\"5s\",\"Status\":\"bogus\"}}",
            "{\"Name\":\"x\",\"Check\":{\"Args\":[\"true\"],\"Interval\":\"5s\"}}",
            "{\"Name\":\"x\",\"Check\":{\"TTL\":\"5s\",\"Interval\":\"5s\"}}",
            "{\"Name\":\"x\",\"Meta\":{\"a b\":\"c\"}}",
            "{\"Name\":\"x\",\"Meta\":{\"consul-x\":\"c\"}}",
            "{\"Name\":\"x\",\"Weights\":{\"Passing\":-1,\"Warning\":1}}",
            "{\"Name\":\"x\",\"Address\":\"0.0.0.0\"}",
            "{\"Name\":5}",
            "{\"Name\":\"x\",\"Port\":\"y\"}")) {
      same("PUT", register, body);
    }
    for (String body :
        List.of(
            "{\"TTL\":\"1s\"}",
            "{\"Name\":\"c\"}",
            "{",
            "{\"Name\":\"c\",\"TTL\":\"1s\",\"ServiceID\":\"nope\"}")) {
      same("PUT", "/agent/check/register", body);
    }
    for (String path :
        List.of(
            "/agent/service/deregister/nope",
            "/agent/check/deregister/nope",
            "/agent/check/pass/nope",
            "/agent/service/maintenance/web1",
            "/agent/service/maintenance/web1?enable=x",
            "/agent/service/maintenance/nope?enable=true",
            "/agent/service/maintenance/?enable=true",
            "/agent/maintenance",
            "/status/leader",
            "/catalog/services",
            "/health/service/web")) {
      same("PUT", path, "");
    }
    same("PUT", "/agent/check/update/service:web1", "{\"Status\":\"bogus\"}");
    same("PUT", "/agent/check/update/service:web1", "x");
    same("PUT", "/catalog/register", "{\"Node\":\"ext\"}");
    same("PUT", "/catalog/register", "{");
    same("PUT", "/catalog/deregister", "{}");
    same("GET", "/agent/service/register", "");
    same("POST", "/catalog/register", "{}");
    same("DELETE", "/health/service/web", "");
    for (String path :
        List.of(
            "/health/service/",
            "/health/service/web?passing=maybe",
            "/health/service/web?index=x",
            "/health/service/web?index=1&wait=x",
            "/health/service/web?stale&consistent",
            "/health/service/web?dc=zz",
            "/catalog/nodes?dc=zz",
            "/catalog/service/",
            "/catalog/node/",
            "/health/node/",
            "/health/checks/",
            "/health/service/web?filter=Bogus==web1",
            "/catalog/service/web?filter=Bogus==web1")) {
      same(path);
    }
  }

  @Test
  void events() {
    same("PUT", "/event/fire/deploy?node=n.*", "payload");
    same("PUT", "/event/fire/other", "");
    same("/event/list");
    same("/event/list?name=other");
    long before = Client.index(ours.get("/event/list"));
    CompletableFuture<HttpResponse<String>> waiting =
        ours.send("GET", "/event/list?index=" + before + "&wait=20s", "");
    real.put("/event/fire/third", "x"); // the other tests compare the lists
    ours.put("/event/fire/third", "x");
    assertThat(Client.index(waiting.join())).isNotEqualTo(before);
  }

  /**
   * Which change wakes which query: wherever Consul is woken for another body, so is the centre.
   */
  @Test
  void wakeRules_atLeastAsPrecise() {
    wipe();
    String web = "{\"ID\":\"%s\",\"Name\":\"%s\",\"Port\":%d,\"Check\":{\"TTL\":\"1h\"}}";
    Map<String, Consumer<Client>> changes = new LinkedHashMap<>();
    changes.put(
        "new service with a check",
        to -> to.put("/agent/service/register", String.format(web, "w1", "web", 1)));
    changes.put(
        "new service without a check",
        to -> to.put("/agent/service/register", "{\"Name\":\"plain\"}"));
    changes.put(
        "second instance",
        to -> to.put("/agent/service/register", String.format(web, "w2", "web", 1)));
    changes.put("passing", to -> to.put("/agent/check/pass/service:w1", ""));
    changes.put("passing again", to -> to.put("/agent/check/pass/service:w1", ""));
    changes.put("new note", to -> to.put("/agent/check/pass/service:w1?note=x", ""));
    changes.put("failing", to -> to.put("/agent/check/fail/service:w1", ""));
    changes.put(
        "other port", to -> to.put("/agent/service/register", String.format(web, "w1", "web", 2)));
    changes.put(
        "the same again",
        to -> to.put("/agent/service/register", String.format(web, "w1", "web", 2)));
    changes.put(
        "change of another service",
        to -> to.put("/agent/service/register", String.format(web, "o1", "other", 2)));
    changes.put("deregistered", to -> to.put("/agent/service/deregister/w2", ""));
    List<String> differences = new ArrayList<>();
    changes.forEach(
        (name, change) -> {
          CompletableFuture<List<Woken>> theirs =
              CompletableFuture.supplyAsync(() -> woken(real, change));
          List<Woken> own = woken(ours, change);
          List<Woken> expected = theirs.join();
          for (int i = 0; i < own.size(); i++) {
            Woken was = expected.get(i);
            Woken is = own.get(i);
            if ((was.isOther() && !is.isWoken()) || (is.isWoken() && !was.isWoken())) {
              differences.add(name + ": " + was.query() + ": Consul " + was + ", centre " + is);
            }
          }
        });
    assertThat(differences).isEmpty();
  }

  /** Whether a query was woken, and with another body than before. */
  private record Woken(String query, boolean isWoken, boolean isOther) {}

  private static List<Woken> woken(Client client, Consumer<Client> change) {
    List<String> queries =
        List.of("/catalog/services", "/health/state/any", "/health/service/web", "/catalog/nodes");
    // What an agent puts into its catalog may take a moment.
    List<HttpResponse<String>> before = new ArrayList<>();
    List<CompletableFuture<HttpResponse<String>>> after = new ArrayList<>();
    for (String query : queries) {
      HttpResponse<String> state = client.get(query);
      before.add(state);
      after.add(client.send("GET", query + "?wait=1s&index=" + Client.index(state), ""));
    }
    await().pollDelay(Duration.ofMillis(50)).until(() -> true);
    change.accept(client);
    List<Woken> woken = new ArrayList<>();
    for (int i = 0; i < queries.size(); i++) {
      HttpResponse<String> state = after.get(i).join();
      woken.add(
          new Woken(
              queries.get(i),
              Client.index(state) > Client.index(before.get(i)),
              !state.body().equals(before.get(i).body())));
    }
    return woken;
  }

  @Test
  void blocking_waitsAndReturnsInTime() {
    for (Client client : List.of(real, ours)) {
      HttpResponse<String> now = client.get("/health/service/nobody");
      long began = System.nanoTime();
      HttpResponse<String> later =
          client.get("/health/service/nobody?wait=500ms&index=" + Client.index(now));
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(490));
      assertThat(later.body().strip()).isEqualTo("[]");
      assertThat(Client.index(later)).isGreaterThanOrEqualTo(Client.index(now));
    }
  }

  private static String hash(HttpResponse<String> answer) {
    return answer.headers().firstValue("x-consul-contenthash").orElse("none");
  }

  @Test
  void agentService_blocksUntilItsContentHasAnotherHash() {
    wipe();
    String body = "{\"ID\":\"w1\",\"Name\":\"web\",\"Port\":%d,\"Check\":{\"TTL\":\"1h\"}}";
    same("PUT", "/agent/service/register", body.formatted(1));
    same("GET", "/agent/service/w1?hash=other&wait=25s", "");
    same("GET", "/agent/service/w1?hash=other&wait=x", "");
    same("GET", "/agent/service/nobody?hash=other&wait=25s", "");
    for (Client client : List.of(real, ours)) {
      HttpResponse<String> before = client.get("/agent/service/w1");
      long began = System.nanoTime();
      HttpResponse<String> later = client.get("/agent/service/w1?wait=300ms&hash=" + hash(before));
      assertThat(System.nanoTime() - began).isGreaterThan(290_000_000L);
      assertThat(later.body()).isEqualTo(before.body());
      assertThat(hash(later)).isEqualTo(hash(before));

      CompletableFuture<HttpResponse<String>> waiting =
          client.send("GET", "/agent/service/w1?wait=25s&hash=" + hash(before), "");
      // Neither of the two changes what the agent says of the service.
      client.put("/agent/check/pass/service:w1", "");
      client.put("/agent/service/register", body.formatted(1));
      assertThat(waiting).isNotDone();
      client.put("/agent/service/register", body.formatted(2));
      HttpResponse<String> changed = waiting.join();
      assertThat(changed.body()).matches("(?s).*\"Port\": ?2,.*");
      assertThat(hash(changed)).isNotEqualTo(hash(before));
    }
    same("GET", "/agent/service/w1?hash=other", "");
    List<CompletableFuture<HttpResponse<String>>> gone = new ArrayList<>();
    for (Client client : List.of(real, ours)) {
      gone.add(
          client.send(
              "GET",
              "/agent/service/w1?wait=25s&hash=" + hash(client.get("/agent/service/w1")),
              ""));
      client.put("/agent/service/deregister/w1", "");
    }
    String expected = normal(gone.get(0).join(), true);
    assertThat(normal(gone.get(1).join(), false)).isEqualTo(expected);
  }

  @Test
  void staleHighIndex_isAnsweredAtOnce() {
    HttpResponse<String> answer =
        ours.send("GET", "/health/service/nobody?wait=600s&index=" + Long.MAX_VALUE, "")
            .orTimeout(20, TimeUnit.SECONDS)
            .join();
    assertThat(Client.index(answer)).isLessThan(Long.MAX_VALUE);
  }

  @Test
  void keys_calls() {
    for (String[] call :
        new String[][] {
          {"GET", "/kv/a", ""},
          {"GET", "/kv/a?recurse", ""},
          {"GET", "/kv/?keys", ""},
          {"GET", "/kv/", ""},
          {"PUT", "/kv/", "x"},
          {"PUT", "/kv/a/b", "x"},
          {"PUT", "/kv/a/c?flags=42", ""},
          {"PUT", "/kv/a/d/e", "deep"},
          {"GET", "/kv/a/b", ""},
          {"GET", "/kv/a/b?raw", ""},
          {"GET", "/kv/a/c", ""},
          {"GET", "/kv/a?recurse", ""},
          {"GET", "/kv/a?keys", ""},
          {"GET", "/kv/a/?keys&separator=/", ""},
          {"PUT", "/kv/a/b?cas=0", "y"},
          {"PUT", "/kv/a/new?cas=0", "y"},
          {"PUT", "/kv/a/new?cas=1", "z"},
          {"PUT", "/kv/a/b?cas=x", "y"},
          {"PUT", "/kv/a/b?flags=x", "y"},
          {"DELETE", "/kv/a/b?cas=1", ""},
          {"DELETE", "/kv/nobody?cas=3", ""},
          {"DELETE", "/kv/a/b", ""},
          {"GET", "/kv/a/b", ""},
          {"DELETE", "/kv/a?recurse", ""},
          {"GET", "/kv/a?recurse", ""},
          {"POST", "/kv/a", ""},
          {"GET", "/kv/a?dc=zz", ""},
        }) {
      same(call[0], call[1], call[2]);
    }
  }

  @Test
  void keys_compareAndSetByIndex() {
    for (Client client : List.of(real, ours)) {
      client.put("/kv/cas", "1");
      long index = Client.index(client.get("/kv/cas"));
      assertThat(client.put("/kv/cas?cas=" + index, "2").body().strip()).isEqualTo("true");
      assertThat(client.put("/kv/cas?cas=" + index, "3").body().strip()).isEqualTo("false");
      long later = Client.index(client.get("/kv/cas"));
      assertThat(later).isGreaterThan(index);
      CompletableFuture<HttpResponse<String>> waiting =
          client.send("GET", "/kv/cas?raw&wait=20s&index=" + later, "");
      client.put("/kv/cas", "4");
      assertThat(waiting.join().body()).isEqualTo("4");
      assertThat(client.send("DELETE", "/kv/cas?cas=" + later, "").join().body().strip())
          .isEqualTo("false");
      long last = Client.index(client.get("/kv/cas"));
      assertThat(client.send("DELETE", "/kv/cas?cas=" + last, "").join().body().strip())
          .isEqualTo("true");
      assertThat(client.get("/kv/cas").statusCode()).isEqualTo(404);
    }
  }

  /** Each asks about a session of its own, which a name stands for. */
  private static void sameOf(Map<String, String[]> sessions, String call, String body) {
    String method = call.substring(0, call.indexOf(' '));
    String[] said = new String[2];
    for (int i = 0; i < 2; i++) {
      String path = call.substring(call.indexOf(' ') + 1);
      for (Map.Entry<String, String[]> each : sessions.entrySet()) {
        path = path.replace(each.getKey(), each.getValue()[i]);
      }
      said[i] = normal(List.of(real, ours).get(i).send(method, path, body).join(), i == 0);
      for (Map.Entry<String, String[]> each : sessions.entrySet()) {
        said[i] = said[i].replace(each.getValue()[i], each.getKey());
      }
    }
    assertThat(said[1]).as("%s %s", call, body).isEqualTo(said[0]);
  }

  private static String[] sessions(String body) {
    String[] ids = new String[2];
    for (int i = 0; i < 2; i++) {
      String created = List.of(real, ours).get(i).put("/session/create", body).body();
      ids[i] = created.replaceAll("(?s).*\"ID\": ?\"([0-9a-f-]{36})\".*", "$1");
      assertThat(ids[i]).as(created).hasSize(36);
    }
    return ids;
  }

  @Test
  void sessions_calls() {
    String nobody = "00000000-0000-0000-0000-000000000000";
    for (String body :
        List.of(
            "",
            "{}",
            "{",
            "x",
            "{\"Name\":\"n\",\"TTL\":\"10s\",\"LockDelay\":\"0s\",\"Behavior\":\"delete\"}",
            "{\"TTL\":\"x\"}",
            "{\"TTL\":\"9s\"}",
            "{\"TTL\":\"86401s\"}",
            "{\"TTL\":10}",
            "{\"Name\":5}",
            "{\"Behavior\":\"x\"}",
            "{\"Node\":\"nobody\"}",
            "{\"Checks\":[\"nobody\"]}",
            "{\"NodeChecks\":[\"nobody\"]}",
            "{\"ServiceChecks\":[{\"ID\":\"nobody\"}]}",
            "{\"LockDelay\":\"x\"}",
            "{\"Bogus\":1}")) {
      same("PUT", "/session/create", body);
    }
    for (String call :
        List.of(
            "GET /session/info/" + nobody,
            "GET /session/info/",
            "GET /session/info/x",
            "GET /session/node/nobody",
            "GET /session/node/",
            "GET /session/create",
            "GET /session/list?dc=zz",
            "PUT /session/create?dc=zz",
            "PUT /session/renew/" + nobody,
            "PUT /session/renew/",
            "PUT /session/renew/x",
            "PUT /session/destroy/" + nobody,
            "PUT /session/destroy/",
            "PUT /session/destroy/x",
            "PUT /session/list",
            "PUT /kv/lock?acquire=" + nobody,
            "PUT /kv/lock?acquire=x",
            "PUT /kv/lock?acquire=",
            "PUT /kv/lock?release=" + nobody,
            "PUT /kv/lock?release=x",
            "PUT /kv/lock?acquire=&cas=0",
            "PUT /kv/lock?release=x&acquire=y",
            "PUT /kv/?acquire=" + nobody,
            "PUT /kv/lock?dc=zz&acquire=" + nobody)) {
      sameOf(Map.of(), call, "");
    }
  }

  @Test
  void sessions_life() {
    same(
        "PUT",
        "/agent/check/register",
        "{\"Name\":\"needed\",\"TTL\":\"1h\",\"Status\":\"passing\"}");
    same("/health/state/passing?filter=CheckID==needed");
    Map<String, String[]> held =
        Map.of(
            "ONE", sessions("{\"Name\":\"one\",\"LockDelay\":\"0s\",\"TTL\":\"30s\"}"),
            "TWO", sessions("{\"LockDelay\":0,\"NodeChecks\":[]}"),
            "GOES", sessions("{\"Behavior\":\"delete\",\"LockDelay\":\"1m\"}"),
            "SLOW", sessions("{\"LockDelay\":60,\"ServiceChecks\":[{\"ID\":\"needed\"}]}"));
    for (String[] call :
        new String[][] {
          {"GET /session/info/ONE", ""},
          {"GET /session/info/TWO", ""},
          {"GET /session/info/GOES", ""},
          {"GET /session/info/SLOW", ""},
          {"PUT /session/renew/ONE", ""},
          {"PUT /session/renew/TWO", ""},
          {"PUT /kv/lock?release=ONE", "before it is there"},
          {"PUT /kv/lock?acquire=ONE", "mine"},
          {"GET /kv/lock", ""},
          {"PUT /kv/lock?acquire=TWO", "not mine"},
          {"GET /kv/lock", ""},
          {"PUT /kv/lock?acquire=ONE&flags=7", "still mine"},
          {"GET /kv/lock", ""},
          {"PUT /kv/lock", "a lock is advice"},
          {"GET /kv/lock", ""},
          {"PUT /kv/lock?cas=0", "no"},
          {"PUT /kv/lock?release=TWO", "not mine"},
          {"PUT /kv/lock?release=ONE", "free"},
          {"GET /kv/lock", ""},
          {"PUT /kv/lock?release=ONE", "twice"},
          {"PUT /kv/lock?acquire=TWO", "now"},
          {"GET /kv/lock?recurse", ""},
          {"PUT /session/destroy/TWO", ""},
          {"GET /session/info/TWO", ""},
          {"PUT /session/renew/TWO", ""},
          {"PUT /kv/lock?acquire=TWO", "gone"},
          {"GET /kv/lock", ""},
          {"PUT /kv/lock?acquire=ONE", "at once, without a delay"},
          {"PUT /kv/doomed?acquire=GOES", "x"},
          {"PUT /kv/doomed/too?acquire=GOES", "x"},
          {"PUT /kv/delayed?acquire=SLOW", "x"},
          {"PUT /session/destroy/GOES", ""},
          {"PUT /session/destroy/SLOW", ""},
          {"GET /kv/doomed?recurse", ""},
          {"GET /kv/delayed", ""},
          {"PUT /kv/doomed?acquire=ONE", "too early"},
          {"PUT /kv/delayed?acquire=ONE", "too early"},
          {"PUT /kv/delayed", "but written it may be"},
          {"DELETE /kv/lock", ""},
          {"PUT /kv/lock?acquire=ONE", "anew"},
          {"GET /kv/lock", ""},
          {"PUT /session/destroy/ONE", ""},
          {"GET /kv/lock?recurse", ""},
          {"DELETE /kv/lock?recurse&cas=0", ""},
          {"DELETE /kv/lock?recurse", ""},
          {"DELETE /kv/delayed", ""},
        }) {
      sameOf(held, call[0], call[1]);
    }
    for (Client client : List.of(real, ours)) {
      client.put("/agent/check/deregister/needed", "");
    }
  }

  @Test
  void sessions_endWithTheirChecks_andWakeWhoWaits() {
    String check = "{\"Name\":\"leader\",\"TTL\":\"1h\",\"Status\":\"%s\"}";
    same("PUT", "/agent/check/register", check.formatted("critical"));
    same("/health/state/critical?filter=CheckID==leader");
    same("PUT", "/session/create", "{\"NodeChecks\":[\"leader\"]}");
    same("PUT", "/agent/check/pass/leader", "");
    same("/health/state/passing?filter=CheckID==leader");
    Map<String, String[]> held =
        Map.of("ONE", sessions("{\"NodeChecks\":[\"leader\"],\"LockDelay\":\"0s\"}"));
    sameOf(held, "PUT /kv/election?acquire=ONE", "me");
    List<CompletableFuture<HttpResponse<String>>> followers = new ArrayList<>();
    for (Client client : List.of(real, ours)) {
      long index = Client.index(client.get("/kv/election"));
      followers.add(client.send("GET", "/kv/election?wait=25s&index=" + index, ""));
      client.put("/agent/check/fail/leader", "");
    }
    String expected = normal(followers.get(0).join(), true);
    assertThat(normal(followers.get(1).join(), false))
        .isEqualTo(expected)
        .doesNotContain("Session");
    sameOf(held, "GET /session/info/ONE", "");
    for (Client client : List.of(real, ours)) {
      client.put("/agent/check/deregister/leader", "");
      client.send("DELETE", "/kv/election", "").join();
    }
  }

  private static void wipe() {
    for (Client client : List.of(real, ours)) {
      for (String id : List.of("web1", "web2", "bare", "w1", "w2", "plain", "o1", "x")) {
        client.put("/agent/service/deregister/" + id, "");
      }
      client.put("/agent/check/deregister/nodecheck", "");
    }
    same("/catalog/services");
    same("/health/state/any");
  }
}
