package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.KeyValueStore;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CentreTest {
  /** The jar of the centre, or its classes while it is built. */
  private static final Pattern OF_THE_CENTRE =
      Pattern.compile(".*(rollcall-server-|[/\\\\]server[/\\\\]target[/\\\\]).*");

  @RegisterExtension static final RollcallExtension rollcall = RollcallExtension.inMemory();

  private static String consul() {
    return "consul://" + rollcall.centre().getAuthority();
  }

  @Test
  void centre_isOne_onAFreePort() {
    URI centre = rollcall.centre();

    assertThat(centre.getHost()).isEqualTo("127.0.0.1");
    assertThat(centre.getPort()).isPositive();
    assertThat(rollcall.centre()).isEqualTo(centre);
  }

  @Test
  void whatIsRegisteredByIt_isInTheStore() {
    ServiceInstance self = ServiceInstance.builder("orders").id("a").address("h", 1).build();
    try (Registry registry = Registry.open(consul())) {
      registry.register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      await()
          .until(
              () ->
                  rollcall.registry().service("orders").instances().stream()
                      .anyMatch(instance -> instance.host().equals("h")));
    }
    await().until(() -> rollcall.registry().service("orders").instances().isEmpty());
  }

  @Test
  void keys_areThoseOfTheStore() {
    rollcall.keyValues().put("app/a", "1");
    try (KeyValueStore values = KeyValueStore.open(consul() + "/app")) {
      assertThat(values.get("a").join().orElseThrow().text()).isEqualTo("1");
    }
  }

  /** In a class loader of its own, without the jar of the centre. */
  @Test
  void missingJar_isNamed() throws Exception {
    List<URL> rest = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (!OF_THE_CENTRE.matcher(entry).matches()) {
        rest.add(new File(entry).toURI().toURL());
      }
    }
    Thread thread = Thread.currentThread();
    ClassLoader usual = thread.getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(rest.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      thread.setContextClassLoader(loader);
      Class<?> type = loader.loadClass(FakeStore.class.getName());
      Object store = type.getMethod("open").invoke(null);
      try {
        Throwable failure = null;
        try {
          type.getMethod("centre").invoke(store);
        } catch (InvocationTargetException failed) {
          failure = failed.getCause();
        }
        assertThat(failure)
            .hasMessageContaining("is missing (expected: dev.rollcall:rollcall-server")
            .hasMessageContaining("dev/rollcall/server/");
        assertThat(failure.getClass().getName()).isEqualTo("dev.rollcall.RegistryException");
      } finally {
        type.getMethod("close").invoke(store); // all but the centre works
      }
    } finally {
      thread.setContextClassLoader(usual);
    }
  }
}
