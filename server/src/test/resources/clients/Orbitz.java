import com.google.common.net.HostAndPort;
import com.orbitz.consul.Consul;
import com.orbitz.consul.model.State;
import com.orbitz.consul.model.agent.ImmutableRegCheck;
import com.orbitz.consul.model.agent.ImmutableRegistration;
import com.orbitz.consul.model.catalog.ImmutableCatalogDeregistration;
import com.orbitz.consul.model.catalog.ImmutableCatalogRegistration;
import com.orbitz.consul.model.kv.ImmutableOperation;
import com.orbitz.consul.model.session.ImmutableSession;
import com.orbitz.consul.option.ConsistencyMode;
import com.orbitz.consul.option.ImmutablePutOptions;
import com.orbitz.consul.option.ImmutableQueryOptions;
import com.orbitz.consul.option.QueryOptions;
import com.orbitz.consul.util.Jackson;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/** The steps of ClientScriptsTest with com.orbitz.consul:consul-client: a line of JSON for each. */
class Orbitz {
  interface Step {
    void run() throws Exception;
  }

  static <T> T step(String name, Callable<T> run) throws Exception {
    T answer = null;
    Object said;
    try {
      answer = run.call();
      said = answer;
    } catch (Exception failed) {
      // An agent in development mode indents what it says.
      String why = String.valueOf(failed.getMessage()).replaceAll("[ \\n]+", "");
      said = Map.of("failed", failed.getClass().getSimpleName() + ": " + why);
    }
    Map<String, Object> line = new TreeMap<>();
    line.put("step", name);
    line.put("answer", said);
    System.out.println(Jackson.MAPPER.writeValueAsString(line));
    return answer;
  }

  static void done(String name, Step run) throws Exception {
    step(
        name,
        () -> {
          run.run();
          return "done";
        });
  }

  public static void main(String[] arguments) throws Exception {
    Consul consul =
        Consul.builder().withHostAndPort(HostAndPort.fromString(arguments[0])).build();
    step("status leader", () -> consul.statusClient().getLeader());
    step("status peers", () -> consul.statusClient().getPeers());
    String node =
        step("agent self", () -> consul.agentClient().getAgent().getConfig()).getNodeName();
    done("ping", () -> consul.agentClient().ping());
    done(
        "register",
        () ->
            consul
                .agentClient()
                .register(
                    ImmutableRegistration.builder()
                        .name("shop")
                        .id("shop-1")
                        .address("10.0.0.1")
                        .port(80)
                        .addTags("a", "b")
                        .putMeta("k", "v")
                        .check(
                            ImmutableRegCheck.builder().id("c").ttl("1h").status("passing").build())
                        .build()));
    step("is registered", () -> consul.agentClient().isRegistered("shop-1"));
    step("agent services", () -> consul.agentClient().getServices());
    step(
        "agent service",
        () -> consul.agentClient().getService("shop-1", QueryOptions.BLANK).getResponse());
    step(
        "agent service of nobody",
        () -> consul.agentClient().getService("nobody", QueryOptions.BLANK).getResponse());
    step("agent checks", () -> consul.agentClient().getChecks());
    done("check fail", () -> consul.agentClient().failCheck("c", "down"));
    step(
        "critical",
        () -> consul.healthClient().getChecksByState(State.FAIL).getResponse());
    done("check of nobody", () -> consul.agentClient().passCheck("nobody"));
    done("maintenance", () -> consul.agentClient().toggleMaintenanceMode("shop-1", true, "why"));
    step("agent checks in maintenance", () -> consul.agentClient().getChecks());
    done("maintenance over", () -> consul.agentClient().toggleMaintenanceMode("shop-1", false));
    done("check pass", () -> consul.agentClient().passCheck("c"));
    done("ttl check", () -> consul.agentClient().registerCheck("more", "more", 3_600L));
    done("ttl check away", () -> consul.agentClient().deregisterCheck("more"));
    step("event", () -> consul.eventClient().fireEvent("deploy", "now").getName());
    step("catalog datacenters", () -> consul.catalogClient().getDatacenters());
    step("catalog nodes", () -> consul.catalogClient().getNodes().getResponse());
    done(
        "catalog register",
        () ->
            consul
                .catalogClient()
                .register(
                    ImmutableCatalogRegistration.builder()
                        .node("elsewhere")
                        .address("10.0.0.9")
                        .putNodeMeta("zone", "z")
                        .build()));
    step(
        "catalog nodes by meta",
        () ->
            consul
                .catalogClient()
                .getNodes(ImmutableQueryOptions.builder().addNodeMeta("zone:z").build())
                .getResponse());
    done(
        "catalog deregister",
        () ->
            consul
                .catalogClient()
                .deregister(
                    ImmutableCatalogDeregistration.builder().node("elsewhere").build()));
    step("kv put", () -> consul.keyValueClient().putValue("app/a", "one"));
    step("kv put with flags", () -> consul.keyValueClient().putValue("app/b", "two", 7L));
    long index =
        step("kv get", () -> consul.keyValueClient().getValue("app/a").orElseThrow())
            .getModifyIndex();
    step("kv none", () -> consul.keyValueClient().getValue("app/none").isPresent());
    step(
        "kv cas",
        () ->
            consul
                .keyValueClient()
                .putValue("app/a", "2", 0L, ImmutablePutOptions.builder().cas(index).build()));
    step(
        "kv cas too late",
        () ->
            consul
                .keyValueClient()
                .putValue("app/a", "3", 0L, ImmutablePutOptions.builder().cas(index).build()));
    step("kv keys", () -> consul.keyValueClient().getKeys("app/"));
    step("kv recurse", () -> consul.keyValueClient().getValues("app/"));
    String session =
        step(
                "session create",
                () ->
                    consul
                        .sessionClient()
                        .createSession(
                            ImmutableSession.builder().name("s").ttl("30s").lockDelay("0s").build()))
            .getId();
    step("lock", () -> consul.keyValueClient().acquireLock("app/lock", "me", session));
    step("locked", () -> consul.keyValueClient().getSession("app/lock").isPresent());
    step("session info", () -> consul.sessionClient().getSessionInfo(session).orElseThrow());
    step("session renew", () -> consul.sessionClient().renewSession(session).orElseThrow());
    step("unlock", () -> consul.keyValueClient().releaseLock("app/lock", session));
    done("session destroy", () -> consul.sessionClient().destroySession(session));
    step("session gone", () -> consul.sessionClient().getSessionInfo(session).isPresent());
    step(
        "txn",
        () ->
            consul
                .keyValueClient()
                .performTransaction(
                    ImmutableOperation.builder().verb("set").key("app/t").value("dA==").build(),
                    ImmutableOperation.builder().verb("get").key("app/t").build())
                .getResponse());
    step(
        "txn that fails",
        () ->
            consul
                .keyValueClient()
                .performTransaction(
                    ImmutableOperation.builder().verb("check-not-exists").key("app/t").build())
                .getResponse());
    done("kv delete", () -> consul.keyValueClient().deleteKey("app/a"));
    done("kv delete recurse", () -> consul.keyValueClient().deleteKeys("app/"));
    // An agent lists tags in no order.
    step(
        "catalog services", () -> consul.catalogClient().getServices().getResponse().keySet());
    step("catalog service", () -> consul.catalogClient().getService("shop").getResponse());
    step("catalog node", () -> consul.catalogClient().getNode(node).getResponse());
    step("health checks", () -> consul.healthClient().getServiceChecks("shop").getResponse());
    step("health node", () -> consul.healthClient().getNodeChecks(node).getResponse());
    step(
        "health service",
        () -> consul.healthClient().getHealthyServiceInstances("shop").getResponse());
    step(
        "health service consistent by tag",
        () ->
            consul
                .healthClient()
                .getHealthyServiceInstances(
                    "shop",
                    ImmutableQueryOptions.builder()
                        .addTag("b")
                        .consistencyMode(ConsistencyMode.CONSISTENT)
                        .build())
                .getResponse());
    done("deregister", () -> consul.agentClient().deregister("shop-1"));
    done("deregister nobody", () -> consul.agentClient().deregister("nobody"));
    step(
        "health of none",
        () -> consul.healthClient().getAllServiceInstances("shop").getResponse());
    consul.destroy();
    System.exit(0);
  }
}
