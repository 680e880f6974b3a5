package dev.rollcall.examples.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.ConsulExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The program as it is started, in memory and on a real Consul, and what it prints. */
class ShopTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final String EXPECTED =
      """
      order 1 is of Ada
      Ada has 2 orders
      both have left
      """;

  @TempDir Path folder;

  @Test
  void inMemory_theyFindEachOther() throws Exception {
    assertThat(output(jar(), 2)).isEqualTo(EXPECTED);
  }

  @Test
  void onConsul_byOneArgument_theyFindEachOther() throws Exception {
    List<String> command = new ArrayList<>(jar());
    command.add("consul://127.0.0.1:" + consul.port());
    assertThat(output(command, 2)).isEqualTo(EXPECTED);
  }

  @Test
  @Tag("long") // it builds what the program needs
  void theOneCommand_buildsAndStartsIt() throws Exception {
    Path launcher = checkout().resolve("rollcall");
    assertThat(output(List.of(launcher.toString(), "example", "grpc"), 20)).isEqualTo(EXPECTED);
  }

  private String output(List<String> command, int minutes) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process shop =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertThat(shop.waitFor(minutes, TimeUnit.MINUTES)).as(Files.readString(err)).isTrue();
      assertThat(shop.exitValue()).as(Files.readString(err)).isZero();
      return Files.readString(out);
    } finally {
      shop.destroyForcibly();
    }
  }

  private static List<String> jar() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-jar",
        System.getProperty("example.jar"));
  }

  private static Path checkout() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("rollcall"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
