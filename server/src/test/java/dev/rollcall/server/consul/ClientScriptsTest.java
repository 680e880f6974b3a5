package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
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
    copy("Ecwid.java");
    copy("ecwid.xml");
    fetch(
        "mvn",
        "-q",
        "-B",
        "-f",
        "ecwid.xml",
        "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies",
        "-DoutputDirectory=" + folder.resolve("lib"));
    same(Set.of(), "java", "-cp", folder.resolve("lib") + "/*", "Ecwid.java");
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
