package dev.rollcall.bench.peers;

import com.netflix.appinfo.ApplicationInfoManager;
import com.netflix.appinfo.DataCenterInfo;
import com.netflix.appinfo.EurekaInstanceConfig;
import com.netflix.appinfo.InstanceInfo;
import com.netflix.appinfo.MyDataCenterInstanceConfig;
import com.netflix.discovery.DefaultEurekaClientConfig;
import com.netflix.discovery.DiscoveryClient;
import com.netflix.discovery.EurekaClient;
import com.netflix.discovery.shared.transport.jersey3.Jersey3TransportClientFactories;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Eureka's client, and what answers it: the fleet in the JSON of Eureka's server, over HTTP on
 * loopback. The client fetches it once, when it starts, and decodes it itself; it registers
 * nothing.
 */
final class EurekaFeed implements AutoCloseable {
  /** Jersey warns here of a body type that nobody sends. Held, since loggers are held weakly. */
  private static final Logger BODY_TYPES =
      Logger.getLogger("org.glassfish.jersey.message.internal.MessagingBinders");

  static {
    BODY_TYPES.setLevel(Level.SEVERE);
  }

  private final HttpServer server;
  private final EurekaClient client;

  /** Starts the server, and the client, which has the fleet when this returns. */
  EurekaFeed() throws IOException {
    byte[] fleet = json().getBytes(StandardCharsets.UTF_8);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/eureka/apps/", exchange -> answer(exchange, fleet));
    server.start();
    String url =
        "http://"
            + server.getAddress().getAddress().getHostAddress()
            + ":"
            + server.getAddress().getPort()
            + "/eureka/";
    InstanceInfo self =
        InstanceInfo.Builder.newBuilder()
            .setAppName("bench")
            .setInstanceId("bench")
            .setHostName("localhost")
            .setDataCenterInfo(() -> DataCenterInfo.Name.MyOwn)
            .build();
    EurekaInstanceConfig config = new MyDataCenterInstanceConfig();
    client =
        new DiscoveryClient(
            new ApplicationInfoManager(config, self),
            new Once(url),
            Jersey3TransportClientFactories.getInstance());
  }

  EurekaClient client() {
    return client;
  }

  /** The defaults, but that it only fetches, from one address, and not again. */
  private static final class Once extends DefaultEurekaClientConfig {
    private final String url;

    Once(String url) {
      this.url = url;
    }

    @Override
    public boolean shouldRegisterWithEureka() {
      return false;
    }

    @Override
    public boolean shouldEnforceFetchRegistryAtInit() {
      return true;
    }

    @Override
    public int getRegistryFetchIntervalSeconds() {
      return 3600;
    }

    @Override
    public List<String> getEurekaServerServiceUrls(String zone) {
      return List.of(url);
    }
  }

  private static void answer(HttpExchange exchange, byte[] fleet) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, fleet.length);
      exchange.getResponseBody().write(fleet);
    }
  }

  private static String json() {
    StringBuilder json =
        new StringBuilder("{\"applications\":{\"versions__delta\":\"1\",\"apps__hashcode\":\"UP_")
            .append(Names.SERVICES * Names.EACH)
            .append("_\",\"application\":[");
    for (int i = 0; i < Names.SERVICES; i++) {
      json.append(i == 0 ? "" : ",")
          .append("{\"name\":\"")
          .append(Names.name(i).toUpperCase(Locale.ROOT))
          .append("\",\"instance\":[");
      List<Node> nodes = Node.of(i);
      for (int j = 0; j < nodes.size(); j++) {
        json.append(j == 0 ? "" : ",");
        instance(json, nodes.get(j));
      }
      json.append("]}");
    }
    return json.append("]}}").toString();
  }

  /** As Eureka's server renders an instance that has set no pages and no second port. */
  private static void instance(StringBuilder json, Node node) {
    String lease =
        "{\"renewalIntervalInSecs\":30,\"durationInSecs\":90,"
            + "\"registrationTimestamp\":1760000000000,\"lastRenewalTimestamp\":1760000000000,"
            + "\"evictionTimestamp\":0,\"serviceUpTimestamp\":1760000000000}";
    json.append("{\"instanceId\":\"" + node.id() + "\"")
        .append(",\"hostName\":\"" + node.host() + "\"")
        .append(",\"app\":\"" + node.service().toUpperCase(Locale.ROOT) + "\"")
        .append(",\"ipAddr\":\"" + node.host() + "\"")
        .append(",\"status\":\"UP\",\"overriddenStatus\":\"UNKNOWN\"")
        .append(",\"port\":{\"$\":" + node.port() + ",\"@enabled\":\"true\"}")
        .append(",\"securePort\":{\"$\":443,\"@enabled\":\"false\"}")
        .append(",\"countryId\":1")
        .append(",\"dataCenterInfo\":{\"@class\":")
        .append("\"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo\",\"name\":\"MyOwn\"}")
        .append(",\"leaseInfo\":" + lease)
        .append(",\"metadata\":{");
    String comma = "";
    for (Map.Entry<String, String> entry : node.metadataWithTags().entrySet()) {
      json.append(comma + "\"" + entry.getKey() + "\":\"" + entry.getValue() + "\"");
      comma = ",";
    }
    json.append("},\"vipAddress\":\"" + node.service() + "\"")
        .append(",\"isCoordinatingDiscoveryServer\":\"false\"")
        .append(",\"lastUpdatedTimestamp\":\"1760000000000\"")
        .append(",\"lastDirtyTimestamp\":\"1760000000000\",\"actionType\":\"ADDED\"}");
  }

  @Override
  public void close() {
    client.shutdown();
    server.stop(0);
  }
}
