package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.rollcall.Balancer;
import dev.rollcall.Filter;
import dev.rollcall.Liveness;
import dev.rollcall.Pick;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReadmeExampleTest {

  @Test
  void exampleRuns() {
    assertThatCode(ReadmeExampleTest::example).doesNotThrowAnyException();
  }

  @Test
  void readmeHoldsExactlyTheExample() throws IOException {
    assertReadmeHolds("example");
  }

  @Test
  void choosingRuns() {
    assertThatCode(ReadmeExampleTest::choosing).doesNotThrowAnyException();
  }

  @Test
  void readmeHoldsExactlyTheChoosing() throws IOException {
    assertReadmeHolds("choosing");
  }

  private static void assertReadmeHolds(String method) throws IOException {
    String source =
        Files.readString(
            Checkout.file("cli/src/test/java/dev/rollcall/cli/ReadmeExampleTest.java"));
    int from = source.indexOf("  private static void " + method + "() {\n");
    String body = source.substring(source.indexOf('\n', from) + 1, source.indexOf("\n  }\n", from));

    assertThat(Files.readString(Checkout.file("README.md")))
        .contains("```java\n" + body.stripIndent() + "\n```\n");
  }

  private static void example() {
    // closeOnShutdown: SIGTERM and Ctrl-C deregister as well, which a try alone does not.
    try (Registry registry = Registry.builder("memory:").closeOnShutdown().build()) {
      // Be there: registered now, kept alive from now on, gone when it is closed.
      ServiceInstance self =
          ServiceInstance.builder("orders").address("127.0.0.1", 8080).tag("v1").build();
      Registration registration =
          registry.register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();

      // Find an instance: keep the view in a field; a look-up in it is one volatile read.
      ServiceView orders = registry.service("orders");
      orders.await(Duration.ofSeconds(5)); // only where the first state matters
      ServiceInstance target = orders.pick();
      System.out.println("calling " + target.host() + ":" + target.port());

      // Hear of changes: the state comes first, and with each one the exact difference.
      Subscription watching =
          orders.watch(
              change ->
                  System.out.println(
                      change.now().instances().size() + " pass, removed: " + change.removed()));
      registration.update(self.toBuilder().tag("v2").build()).join();

      registration.drain(Duration.ofSeconds(1)).join(); // leave first, stop serving afterwards
      watching.close();
    }
  }

  private static void choosing() {
    try (Registry registry = Registry.open("memory:");
        KeyValueStore config = KeyValueStore.open("memory:")) {
      ServiceInstance shard =
          ServiceInstance.builder("shards").address("127.0.0.1", 8081).tag("canary").build();
      registry.register(shard, Liveness.permanent()).join();
      registry.service("shards").await(Duration.ofSeconds(5));

      // How to choose belongs to a view: what it needs is computed when something changes.
      ServiceView canary =
          registry.service("shards").where(Filter.tag("canary")).balancedBy(Balancer.leastLoaded());
      try (Pick pick = canary.acquire()) { // counts as in flight until it is closed
        System.out.println("calling " + pick.instance());
        pick.failed(); // left alone for a while, if others are there
      }
      ServiceView sharded = registry.service("shards").balancedBy(Balancer.consistentHash());
      System.out.println("customer 4711 lives on " + sharded.pick("customer-4711"));

      // Configuration on the same stores.
      config.put("db/pool", "20").join();
      config.watch(Keys.prefix("db/"), change -> System.out.println("now " + change.now()));
    }
  }
}
