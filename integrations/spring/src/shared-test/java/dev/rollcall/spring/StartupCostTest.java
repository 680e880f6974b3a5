package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringBootVersion;

/**
 * What the starter costs when an application starts, beside Spring Cloud Consul in the same one.
 * JVMs are started in turns, so that whatever else the machine does meets all of them. The figures
 * are printed and not judged.
 */
@Tag("long")
class StartupCostTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int ROUNDS = Integer.getInteger("rollcall.startup.rounds", 7);

  @TempDir Path logs;

  /** What an application has on its class path beside web server, actuator and load balancer. */
  private enum With {
    NEITHER,
    ROLLCALL,
    SPRING_CLOUD_CONSUL;

    /** As a jar, or the folder of a module of this build. */
    private static boolean isOurs(Path entry) {
      return entry.getFileName().toString().startsWith("rollcall-") || entry.endsWith("classes");
    }

    private static boolean isTheirs(Path entry) {
      return !isOurs(entry) && entry.getFileName().toString().contains("consul");
    }

    private boolean has(Path entry) {
      String name = entry.getFileName().toString();
      return (this == ROLLCALL || !isOurs(entry))
          && (this == SPRING_CLOUD_CONSUL || !isTheirs(entry))
          && !name.contains("gateway") // of other tests
          && !name.contains("feign");
    }

    private String classPath() {
      return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
          .map(Path::of)
          .filter(this::has)
          .map(Path::toString)
          .collect(Collectors.joining(File.pathSeparator));
    }

    private String service() {
      return "start-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Says how old its JVM is when it is ready for requests. */
  static final class Started {
    private static final String MARK = "ready after ";

    private Started() {}

    public static void main(String[] arguments) {
      Apps.Orders.main(arguments);
      System.out.println(MARK + ManagementFactory.getRuntimeMXBean().getUptime());
    }
  }

  private static Process start(With with, ConsulServer server, Path log) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                with.classPath(),
                Started.class.getName(),
                "--spring.application.name=" + with.service(),
                "--spring.main.banner-mode=off",
                "--logging.config=classpath:logback-test.xml",
                "--server.address=127.0.0.1",
                "--server.port=0"));
    switch (with) {
      case NEITHER -> {}
      case ROLLCALL -> command.add("--rollcall.uri=consul://127.0.0.1:" + server.port());
      case SPRING_CLOUD_CONSUL ->
          command.addAll(
              List.of(
                  "--spring.cloud.consul.enabled=true",
                  "--spring.cloud.consul.host=127.0.0.1",
                  "--spring.cloud.consul.port=" + server.port(),
                  "--spring.cloud.consul.discovery.hostname=127.0.0.1"));
    }
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static long millis(With with, ConsulServer server, Registry registry, Path log)
      throws Exception {
    ServiceView view = registry.service(with.service());
    Process process = start(with, server, log);
    try {
      await().atMost(PATIENCE).until(() -> ready(log) >= 0 || !process.isAlive());
      assertThat(process.isAlive()).as("%s: %s", with, log).isTrue();
      if (with != With.NEITHER) {
        await().atMost(PATIENCE).until(() -> view.snapshot().all().size() == 1);
      }
      return ready(log);
    } finally {
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      await().atMost(PATIENCE).until(() -> view.snapshot().all().isEmpty());
    }
  }

  private static long ready(Path log) throws IOException {
    return Files.readAllLines(log).stream()
        .filter(line -> line.startsWith(Started.MARK))
        .map(line -> Long.parseLong(line.substring(Started.MARK.length())))
        .findFirst()
        .orElse(-1L);
  }

  @Test
  void starterAndSpringCloudConsul_inTurns() throws Exception {
    OperatingSystemMXBean machine = ManagementFactory.getOperatingSystemMXBean();
    Map<With, List<Long>> millis = new EnumMap<>(With.class);
    List<With> turn = new ArrayList<>(List.of(With.values()));
    double before = machine.getSystemLoadAverage();
    try (ConsulServer server = ConsulServer.launch();
        Registry registry = Registry.open("consul://127.0.0.1:" + server.port())) {
      for (int round = -1; round < ROUNDS; round++) { // the first one warms the machine's caches
        for (With with : turn) {
          long each = millis(with, server, registry, logs.resolve(with + "-" + round));
          if (round >= 0) {
            millis.computeIfAbsent(with, any -> new ArrayList<>()).add(each);
          }
        }
        Collections.rotate(turn, 1);
      }
    }
    millis.values().forEach(Collections::sort);
    System.out.printf(
        "Spring Boot %s, JDK %s, %d processors, load %.1f to %.1f, %d starts each%n",
        SpringBootVersion.getVersion(),
        System.getProperty("java.version"),
        machine.getAvailableProcessors(),
        before,
        machine.getSystemLoadAverage(),
        ROUNDS);
    millis.forEach(
        (with, each) ->
            System.out.printf(
                "%s: median %d ms, %d to %d%n",
                with, each.get(each.size() / 2), each.get(0), each.get(each.size() - 1)));
    assertThat(millis).hasSize(With.values().length);
  }
}
