package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.ServerBinary;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients of others, as they are published, run the same script against a real agent and against
 * the centre: each step has the same answer. What differs stands, by its step, in docs/centre.md.
 */
@Tag("long") // fetches the clients
@Timeout(600)
class ClientScriptsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What docs/centre.md tells of. */
  private static final List<String> OF_THE_COMMAND =
      List.of(
          "members",
          "operator raft list-peers",
          "acl token list",
          "intention match web",
          "snapshot save file");

  private static ConsulServer consul;
  private static Centre centre;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    consul = ConsulServer.builder().hcl("performance{raft_multiplier=1}").launch();
    centre = CentreUnderTest.start("memory:", 0, consul.name());
  }

  @AfterAll
  static void stop() {
    centre.close();
    consul.close();
  }

  @Test
  void npm_consul() throws Exception {
    copy("script.js");
    fetch("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "consul@2.0.1");
    same(Set.of(), "node", "script.js");
  }

  @Test
  void debian_python3Consul() throws Exception {
    copy("script.py");
    fetch(
        "sh",
        "-c",
        "apt-get download python3-consul python3-requests python3-urllib3 python3-six python3-idna"
            + " python3-certifi python3-chardet python3-charset-normalizer"
            + " && for each in *.deb; do dpkg -x $each root || exit 1; done");
    same(
        Set.of(),
        "env",
        "PYTHONPATH=" + folder.resolve("root/usr/lib/python3/dist-packages"),
        "/usr/bin/python3",
        "script.py");
  }

  @Test
  void ecwid_consulApi() throws Exception {
    ofJava("Ecwid", Set.of());
  }

  @Test
  void orbitz_consulClient() throws Exception {
    ofJava("Orbitz", Set.of());
  }

  @Test
  void vertx_consulClient() throws Exception {
    ofJava("Vertx", Set.of());
  }

  /** Runs a program that is one file, beside a POM that says what it uses. */
  private void ofJava(String program, Set<String> known) throws Exception {
    String pom = program.toLowerCase(Locale.ROOT) + ".xml";
    copy(program + ".java");
    copy(pom);
    fetch(
        "mvn",
        "-q",
        "-B",
        "-f",
        pom,
        "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies",
        "-DoutputDirectory=" + folder.resolve("lib"));
    same(known, "java", "-cp", folder.resolve("lib") + "/*", program + ".java");
  }

  /** The agent's own program, one command after the other. */
  @Test
  void consulCommand() throws Exception {
    String consulProgram = ServerBinary.consul().path().toString();
    Files.writeString(
        folder.resolve("web.json"),
        "{\"service\":{\"name\":\"web\",\"id\":\"web1\",\"port\":80,\"tags\":[\"blue\"],"
            + "\"check\":{\"id\":\"w\",\"ttl\":\"1h\",\"status\":\"passing\"}}}");
    List<String> differences = new ArrayList<>();
    for (String command :
        List.of(
            "services register web.json",
            "services register -name=shop -port=81",
            "services register -name=x -address=0.0.0.0",
            "maint",
            "maint -enable -service=web1 -reason=why",
            "maint",
            "maint -disable -service=web1",
            "catalog datacenters",
            "catalog nodes",
            "catalog nodes -service=web -detailed",
            "catalog services",
            "catalog services -tags",
            "kv put app/a one",
            "kv put -flags=42 app/b two",
            "kv put -cas -modify-index=1 app/a late",
            "kv get app/a",
            "kv get app/none",
            "kv get -base64 app/b",
            "kv get -recurse app",
            "kv get -keys app/",
            "kv export app/",
            "kv delete app/a",
            "kv delete -recurse app",
            "event -name=deploy payload",
            "watch -type=services",
            "watch -type=service -service=web",
            "watch -type=checks -service=web",
            "watch -type=nodes",
            "lock -verbose jobs/nightly true",
            "members",
            "validate none",
            "operator raft list-peers",
            "acl token list",
            "intention match web",
            "snapshot save file",
            "services deregister web.json",
            "services deregister -id=shop",
            "services deregister -id=nobody")) {
      String agent = said(URI.create(consul.endpoint()), consulProgram, command);
      String ours = said(centre.uri(), consulProgram, command);
      if (!agent.equals(ours)) {
        differences.add(command + "\n  agent: " + agent + "\n  centre: " + ours);
      }
    }
    assertThat(differences.stream().map(each -> each.substring(0, each.indexOf('\n'))))
        .as(String.join("\n", differences))
        .containsExactlyElementsOf(OF_THE_COMMAND);
  }

  private String said(URI server, String program, String command) throws Exception {
    String leader =
        new Client(server + "/v1").get("/status/leader").body().strip().replace("\"", "");
    List<String> whole = new ArrayList<>(List.of("env", "CONSUL_HTTP_ADDR=" + server, program));
    whole.addAll(List.of(command.split(" ", -1)));
    Ended ended = run(whole.toArray(String[]::new));
    String lines = String.join("\n", ended.lines()).replace(leader, "SERVER");
    if (lines.startsWith("[") || lines.startsWith("{")) {
      lines = Normal.body(lines, leader);
    }
    return ended.exit()
        + " "
        + lines
            .replace(server.getAuthority(), "SERVER")
            .replaceAll("\\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b", "an id")
            .replaceAll("(?m)( |^)[0-9a-f]{8} ", " an id ")
            .replaceAll(" +", " ");
  }

  private void copy(String name) throws IOException {
    try (InputStream script =
        Objects.requireNonNull(getClass().getResourceAsStream("/clients/" + name), name)) {
      Files.copy(script, folder.resolve(name));
    }
  }

  private void fetch(String... command) throws Exception {
    assertThat(run(command).exit())
        .as("%s cannot be run, or does not get what it is to fetch: %s", command[0], output())
        .isZero();
  }

  private String output() throws IOException {
    Path file = folder.resolve("output");
    return Files.exists(file) ? Files.readString(file) : "nothing was said";
  }

  private record Ended(int exit, List<String> lines) {}

  private Ended run(String... command) throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError(command[0] + " does not end");
    }
    return new Ended(process.exitValue(), Files.readAllLines(output));
  }

  /**
   * Runs the script against both.
   *
   * @param known the steps whose answers differ
   */
  private void same(Set<String> known, String... command) throws Exception {
    Map<String, String> agent = answers(URI.create(consul.endpoint()), command);
    Map<String, String> ours = answers(centre.uri(), command);
    assertThat(agent).hasSizeGreaterThan(20);
    assertThat(ours.keySet()).containsExactlyElementsOf(agent.keySet());
    List<String> differences = new ArrayList<>();
    Set<String> differing = new TreeSet<>();
    agent.forEach(
        (step, answer) -> {
          if (!answer.equals(ours.get(step))) {
            differing.add(step);
            differences.add(step + "\n  agent: " + answer + "\n  centre: " + ours.get(step));
          }
        });
    assertThat(differing).as(String.join("\n", differences)).isEqualTo(known);
  }

  private Map<String, String> answers(URI server, String... command) throws Exception {
    String address = server.getAuthority();
    String leader =
        new Client(server + "/v1").get("/status/leader").body().strip().replace("\"", "");
    String[] whole = Arrays.copyOf(command, command.length + 1);
    whole[command.length] = address;
    Ended ended = run(whole);
    assertThat(ended.exit()).as(output()).isZero();
    Map<String, String> answers = new LinkedHashMap<>();
    for (String line : ended.lines()) {
      if (line.startsWith("{")) {
        JsonNode said = JSON.readTree(line);
        answers.put(
            said.path("step").asText(),
            Normal.body("{\"answer\":" + said.path("answer") + "}", leader));
      }
    }
    return answers;
  }
}
