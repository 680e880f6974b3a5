package dev.rollcall.armeria;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.client.retry.RetryRule;
import com.linecorp.armeria.client.retry.RetryingClient;
import com.linecorp.armeria.common.SessionProtocol;
import dev.rollcall.Registry;
import dev.rollcall.testkit.server.EtcdExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EtcdTest extends StoreTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  private static final AtomicInteger STORES = new AtomicInteger();

  @Override
  String uri() {
    return "etcd://127.0.0.1:" + etcd.port() + "/armeria-" + STORES.incrementAndGet();
  }

  @Test
  void aServerThatIsKilled_isGoneAfterItsTtl_andRetriesReachTheOther() throws Exception {
    WebClient retrying =
        WebClient.builder(SessionProtocol.HTTP, group)
            .decorator(RetryingClient.newDecorator(RetryRule.failsafe()))
            .build();
    server("here");
    String uri = "etcd://127.0.0.1:" + etcd.port() + "/armeria-" + STORES.get();
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Other.class.getName(),
                uri)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      Set<String> names = new TreeSet<>();
      await()
          .until(
              () -> {
                names.add(Shop.name(retrying));
                return names.contains("other");
              });

      other.destroyForcibly().waitFor();
      await()
          .until(
              () -> {
                // One after the other, so that a retry's turn is the other endpoint's.
                assertThat(Shop.name(retrying)).isEqualTo("here");
                return group.endpoints().size() == 1;
              });
    } finally {
      other.destroyForcibly();
    }
  }

  /** A server in a process of its own. */
  static final class Other {
    private Other() {}

    public static void main(String[] args) throws InterruptedException {
      try (Registry registry = Registry.open(args[0])) {
        Shop.open(
            "other",
            RollcallUpdatingListener.builder(registry, "orders")
                .instance(it -> it.id("other"))
                .heartbeat(Duration.ofSeconds(3))
                .build(),
            Duration.ZERO);
        Thread.currentThread().join();
      }
    }
  }
}
