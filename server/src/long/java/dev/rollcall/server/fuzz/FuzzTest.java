package dev.rollcall.server.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs Jazzer in a process of its own for each target, for half a minute: anything that is thrown
 * but what the target allows, an input that takes longer than 30 s (the
 * first one loads classes), and more than 1 GiB of memory
 * end it with a failure.
 */
@Tag("long")
class FuzzTest {
  private static final int SECONDS = Integer.getInteger("rollcall.fuzz.seconds", 30);

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev.rollcall.server.dependencies.DependencyRequestFuzz",
        "dev.rollcall.server.outbound.CallTargetFuzz",
        "dev.rollcall.server.access.AccessFuzz",
        "dev.rollcall.server.consul.ConsulFuzz"
      })
  @Timeout(600)
  void parser_neitherCrashesNorHangs(String target) throws IOException, InterruptedException {
    Path corpus = Files.createDirectory(folder.resolve("corpus"));
    seed(corpus);
    Path output = folder.resolve("output");
    Process jazzer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target,
                "--instrumentation_includes=dev.rollcall.**",
                // The operator "matches" takes an expression by design, and RE2 bounds its time.
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.RegexInjection",
                "--reproducer_path=" + folder,
                "-max_total_time=" + SECONDS,
                "-timeout=30",
                "-rss_limit_mb=0",
                "-artifact_prefix=" + folder + "/",
                corpus.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(jazzer.waitFor(SECONDS + 300L, TimeUnit.SECONDS)).as("ends").isTrue();
      String said = Files.readString(output);
      assertThat(jazzer.exitValue()).as(said).isZero();
      assertThat(said).as("has run").contains("Done ");
    } finally {
      jazzer.destroyForcibly();
    }
  }

  private static void seed(Path corpus) throws IOException {
    List<String> seeds =
        List.of(
            "{\"ServiceName\":\"a\",\"ServiceURL\":\"http://h:1/\",\"RequiredServices\":[\"b\"],"
                + "\"ServiceUpdateURL\":\"http://h/\",\"HeartbeatURL\":\"http://h/\"}",
            "{\"Name\":\"a\",\"ID\":\"b\",\"Port\":80,\"Address\":\"h\",\"Tags\":[\"t\"],\"Meta\":"
                + "{\"k\":\"v\"},\"Check\":{\"HTTP\":\"http://h/\",\"Interval\":\"1m0.5s\"}}",
            "http://[::ffff:127.0.0.1]:80/a?b#c",
            "http://0x7f.1/",
            "10.0.0.0/8",
            "80,443,8000-9000",
            "/v1/kv/a%2Fb/../c;d?x=y",
            "ops token:0123456789012345678901 admin register:x # y\nanonymous - read",
            "Service.Tags contains \"a\" and (not Meta.k == `v` or ID matches \"^a+$\")");
    for (int i = 0; i < seeds.size(); i++) {
      Files.writeString(corpus.resolve("seed-" + i), seeds.get(i));
    }
  }
}
