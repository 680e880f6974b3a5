import com.ecwid.consul.v1.ConsulClient;
import com.ecwid.consul.v1.QueryParams;
import com.ecwid.consul.v1.agent.model.NewService;
import com.ecwid.consul.v1.health.HealthServicesRequest;
import com.ecwid.consul.v1.kv.model.PutParams;
import com.ecwid.consul.v1.session.model.NewSession;
import com.google.gson.Gson;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/** The steps of ClientScriptsTest with com.ecwid.consul:consul-api: a line of JSON for each. */
class Ecwid {
  private static final Gson GSON = new Gson();

  static Object step(String name, Callable<?> run) {
    Object answer;
    try {
      answer = run.call();
    } catch (Exception failed) {
      answer = Map.of("failed", failed.getClass().getSimpleName() + ": " + failed.getMessage());
    }
    Map<String, Object> line = new TreeMap<>();
    line.put("step", name);
    line.put("answer", answer);
    System.out.println(GSON.toJson(line));
    return answer;
  }

  public static void main(String[] arguments) {
    String[] address = arguments[0].split(":");
    ConsulClient client = new ConsulClient(address[0], Integer.parseInt(address[1]));
    step("status leader", () -> client.getStatusLeader().getValue());
    step("agent self", () -> client.getAgentSelf().getValue().getConfig());
    NewService service = new NewService();
    service.setName("shop");
    service.setId("shop-1");
    service.setAddress("10.0.0.1");
    service.setPort(80);
    service.setTags(List.of("a", "b"));
    service.setMeta(Map.of("k", "v"));
    NewService.Check check = new NewService.Check();
    check.setTtl("1h");
    service.setCheck(check);
    step("register", () -> client.agentServiceRegister(service).getValue());
    step("agent services", () -> client.getAgentServices().getValue());
    step("agent checks", () -> client.getAgentChecks().getValue());
    step("check fail", () -> client.agentCheckFail("service:shop-1", "down").getValue());
    step("check of nobody", () -> client.agentCheckPass("nobody").getValue());
    step("check pass", () -> client.agentCheckPass("service:shop-1").getValue());
    step("kv set", () -> client.setKVValue("app/a", "one").getValue());
    step("kv get", () -> client.getKVValue("app/a").getValue());
    step("kv none", () -> client.getKVValue("app/none").getValue());
    step(
        "kv cas",
        () -> {
          PutParams cas = new PutParams();
          cas.setCas(1L);
          return client.setKVValue("app/a", "2", cas).getValue();
        });
    step("kv keys", () -> client.getKVKeysOnly("app/").getValue());
    step("kv recurse", () -> client.getKVValues("app/").getValue());
    NewSession session = new NewSession();
    session.setName("s");
    Object id =
        step(
            "session create",
            () -> client.sessionCreate(session, QueryParams.DEFAULT).getValue());
    step(
        "session info",
        () -> client.getSessionInfo(id.toString(), QueryParams.DEFAULT).getValue());
    step(
        "session destroy",
        () -> client.sessionDestroy(id.toString(), QueryParams.DEFAULT).getValue());
    step("kv delete", () -> client.deleteKVValues("app/").getValue());
    step(
        "health service",
        () ->
            client
                .getHealthServices(
                    "shop", HealthServicesRequest.newBuilder().setPassing(true).build())
                .getValue());
    step("deregister", () -> client.agentServiceDeregister("shop-1").getValue());
    step(
        "health of none",
        () ->
            client
                .getHealthServices("shop", HealthServicesRequest.newBuilder().build())
                .getValue());
  }
}
