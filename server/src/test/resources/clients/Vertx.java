import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.consul.BlockingQueryOptions;
import io.vertx.ext.consul.CheckOptions;
import io.vertx.ext.consul.CheckStatus;
import io.vertx.ext.consul.ConsulClient;
import io.vertx.ext.consul.ConsulClientOptions;
import io.vertx.ext.consul.EventOptions;
import io.vertx.ext.consul.HealthState;
import io.vertx.ext.consul.KeyValueOptions;
import io.vertx.ext.consul.MaintenanceOptions;
import io.vertx.ext.consul.ServiceOptions;
import io.vertx.ext.consul.ServiceQueryOptions;
import io.vertx.ext.consul.SessionOptions;
import io.vertx.ext.consul.TxnKVOperation;
import io.vertx.ext.consul.TxnKVVerb;
import io.vertx.ext.consul.TxnRequest;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/** The steps of ClientScriptsTest with io.vertx:vertx-consul-client: a line of JSON for each. */
class Vertx {
  static <T> T step(String name, Supplier<Future<T>> run, Function<T, Object> shown)
      throws Exception {
    T answer = null;
    Object said;
    try {
      answer = run.get().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
      said = answer == null ? null : shown.apply(answer);
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause();
      said =
          new JsonObject()
              .put(
                  "failed",
                  cause.getClass().getSimpleName()
                      + ": "
                      + String.valueOf(cause.getMessage()).replaceAll("[0-9a-f-]{36}", "an id"));
    }
    System.out.println(new JsonObject().put("step", name).put("answer", said).encode());
    return answer;
  }

  static <T> T step(String name, Supplier<Future<T>> run) throws Exception {
    return step(name, run, answer -> answer);
  }

  static <T> JsonArray all(List<T> list, Function<T, JsonObject> shown) {
    JsonArray array = new JsonArray();
    list.forEach(each -> array.add(shown.apply(each)));
    return array;
  }

  public static void main(String[] arguments) throws Exception {
    String[] address = arguments[0].split(":");
    io.vertx.core.Vertx vertx = io.vertx.core.Vertx.vertx();
    ConsulClient client =
        ConsulClient.create(
            vertx,
            new ConsulClientOptions()
                .setHost(address[0])
                .setPort(Integer.parseInt(address[1])));
    // This client cuts off the last digit of the port of an agent that indents.
    step("status leader", client::leaderStatus, leader -> leader.replaceAll(":.*", ""));
    step("status peers", client::peersStatus, JsonArray::new);
    JsonObject self =
        step("agent self", client::agentInfo, info -> info.getJsonObject("Config"));
    String node = self.getJsonObject("Config").getString("NodeName");
    step(
        "register",
        () ->
            client.registerService(
                new ServiceOptions()
                    .setName("shop")
                    .setId("shop-1")
                    .setAddress("10.0.0.1")
                    .setPort(80)
                    .setTags(List.of("a", "b"))
                    .setMeta(java.util.Map.of("k", "v"))
                    .setCheckOptions(
                        new CheckOptions()
                            .setId("c")
                            .setName("c")
                            .setTtl("1h")
                            .setStatus(CheckStatus.PASSING))));
    step("agent services", client::localServices, list -> all(list, each -> each.toJson()));
    step("agent checks", client::localChecks, list -> all(list, each -> each.toJson()));
    step("check fail", () -> client.failCheckWithNote("c", "down"));
    step(
        "critical",
        () -> client.healthState(HealthState.CRITICAL),
        found -> all(found.getList(), each -> each.toJson()));
    step("check of nobody", () -> client.passCheck("nobody"));
    step(
        "maintenance",
        () ->
            client.maintenanceService(
                new MaintenanceOptions().setId("shop-1").setEnable(true).setReason("why")));
    step(
        "agent checks in maintenance",
        client::localChecks,
        list -> all(list, each -> each.toJson()));
    step(
        "maintenance over",
        () ->
            client.maintenanceService(new MaintenanceOptions().setId("shop-1").setEnable(false)));
    step("check warn", () -> client.warnCheck("c"));
    step("check update", () -> client.updateCheckWithNote("c", CheckStatus.PASSING, "well"));
    step(
        "ttl check",
        () -> client.registerCheck(new CheckOptions().setId("m").setName("m").setTtl("1h")));
    step("ttl check away", () -> client.deregisterCheck("m"));
    step(
        "event",
        () -> client.fireEventWithOptions("deploy", new EventOptions().setPayload("now")),
        event -> event.getName());
    step("datacenters", client::catalogDatacenters, JsonArray::new);
    step(
        "catalog nodes",
        client::catalogNodes,
        found -> all(found.getList(), each -> each.toJson()));
    step("kv put", () -> client.putValue("app/a", "one"));
    step(
        "kv put with flags",
        () -> client.putValueWithOptions("app/b", "two", new KeyValueOptions().setFlags(7)));
    long index =
        step("kv get", () -> client.getValue("app/a"), pair -> pair.toJson()).getModifyIndex();
    step("kv none", () -> client.getValue("app/none"), pair -> pair.isPresent());
    step(
        "kv cas",
        () ->
            client.putValueWithOptions("app/a", "2", new KeyValueOptions().setCasIndex(index)));
    step(
        "kv cas too late",
        () ->
            client.putValueWithOptions("app/a", "3", new KeyValueOptions().setCasIndex(index)));
    step("kv keys", () -> client.getKeys("app/"), JsonArray::new);
    step(
        "kv recurse",
        () -> client.getValues("app/"),
        found -> all(found.getList(), each -> each.toJson()));
    String session =
        step(
            "session create",
            () ->
                client.createSessionWithOptions(
                    new SessionOptions().setName("s").setTtl(30).setLockDelay(0)));
    step(
        "lock",
        () ->
            client.putValueWithOptions(
                "app/lock", "me", new KeyValueOptions().setAcquireSession(session)));
    step("session info", () -> client.infoSession(session), found -> found.toJson());
    step("session renew", () -> client.renewSession(session), found -> found.toJson());
    step(
        "sessions",
        client::listSessions,
        found -> all(found.getList(), each -> each.toJson()));
    step(
        "unlock",
        () ->
            client.putValueWithOptions(
                "app/lock", "", new KeyValueOptions().setReleaseSession(session)));
    step("session destroy", () -> client.destroySession(session));
    step("session gone", () -> client.infoSession(session), found -> found.toJson());
    step(
        "txn",
        () ->
            client.transaction(
                new TxnRequest()
                    .addOperation(
                        new TxnKVOperation().setType(TxnKVVerb.SET).setKey("app/t").setValue("t"))
                    .addOperation(
                        new TxnKVOperation().setType(TxnKVVerb.GET).setKey("app/t"))),
        done -> done.toJson());
    step(
        "txn that fails",
        () ->
            client.transaction(
                new TxnRequest()
                    .addOperation(
                        new TxnKVOperation()
                            .setType(TxnKVVerb.CAS)
                            .setKey("app/t")
                            .setValue("x")
                            .setIndex(1))),
        done -> done.toJson());
    step("kv delete", () -> client.deleteValue("app/a"));
    step("kv delete recurse", () -> client.deleteValues("app/"));
    step(
        "catalog services",
        client::catalogServices,
        // An agent lists tags in no order.
        found -> found.getList().stream().map(each -> each.getName()).sorted().toList());
    step(
        "catalog service",
        () -> client.catalogServiceNodes("shop"),
        found -> all(found.getList(), each -> each.toJson()));
    step(
        "catalog node",
        () -> client.catalogNodeServices(node),
        found -> {
          // The port of the agent's own service is the server's.
          JsonArray services = new JsonArray();
          found.getList().stream()
              .filter(each -> !each.getId().equals("consul"))
              .forEach(each -> services.add(each.toJson()));
          return services;
        });
    step(
        "health checks",
        () -> client.healthChecks("shop"),
        found -> all(found.getList(), each -> each.toJson()));
    long seen =
        step(
                "health service",
                () -> client.healthServiceNodes("shop", true),
                found -> all(found.getList(), each -> each.toJson()))
            .getIndex();
    step(
        "health service by tag, waiting",
        () ->
            client.healthServiceNodesWithOptions(
                "shop",
                true,
                new ServiceQueryOptions()
                    .setTag("b")
                    .setBlockingOptions(
                        new BlockingQueryOptions().setIndex(seen).setWait("50ms"))),
        found -> all(found.getList(), each -> each.toJson()));
    step("deregister", () -> client.deregisterService("shop-1"));
    step("deregister nobody", () -> client.deregisterService("nobody"));
    step(
        "health of none",
        () -> client.healthServiceNodes("shop", false),
        found -> all(found.getList(), each -> each.toJson()));
    step(
        "coordinates", client::coordinateNodes, found -> found.getList().size());
    client.close();
    System.exit(0);
  }
}
