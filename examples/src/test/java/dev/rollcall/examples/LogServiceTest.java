package dev.rollcall.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.testkit.server.EtcdExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class LogServiceTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  @TempDir Path folder;

  @Test
  void client_sendsToWhicheverLogServiceTheRegistryNames() throws Exception {
    String store = "etcd://127.0.0.1:" + etcd.port() + "/logs";
    Path first = folder.resolve("first.log");
    Path second = folder.resolve("second.log");
    try (Registry witness = Registry.open(store);
        ExampleProcess one =
            ExampleProcess.start(folder, LogService.class, store, "0", first.toString());
        ExampleProcess client = ExampleProcess.start(folder, LogClient.class, store)) {
      one.await("logging to");
      client.write("grün\n");
      client.await("LogService-[0-9a-f-]+ has taken: grün");
      assertThat(Files.readString(first)).isEqualTo("grün\n");

      try (ExampleProcess two =
          ExampleProcess.start(folder, LogService.class, store, "0", second.toString())) {
        two.await("logging to");
        one.terminate();
        assertThat(one.exitCode()).isEqualTo(143);
        assertThat(witness.snapshot("LogService").join().all()).hasSize(1);
        client.write("next\n");
        client.await("has taken: next");
        assertThat(Files.readString(second)).isEqualTo("next\n");
      }
      client.endInput();
      assertThat(client.exitCode()).isZero();
    }
  }
}
