package dev.rollcall.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.ConsulExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The way of {@code docs/migrate-from-curator.md}: a ZooKeeper and a Consul, an instance in each,
 * and the mirror between them, in a program with Curator's libraries.
 */
@Tag("long")
class MigrateFromCuratorTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  @Test
  void eachSideFindsTheOther_andTheMirrorTakesAwayOnlyItsOwn() throws Exception {
    Path built = ConsumerBuilds.of(Consumer.CURATOR);
    List<String> command = new ArrayList<>(Consumer.CURATOR.command(built));
    command.addAll(List.of("consul://127.0.0.1:" + consul.port(), "curator"));
    Child program =
        Child.run(command, built, Map.of(), built.resolve("run.log"), Duration.ofMinutes(5));
    assertThat(program.said("CALL")).as("%s", program).isEqualTo("moved curator");
    assertThat(program.exitCode()).as("%s", program).isZero();
    assertThat(Store.CONSUL.entries(consul.endpoint(), "curator")).isEmpty();
  }
}
