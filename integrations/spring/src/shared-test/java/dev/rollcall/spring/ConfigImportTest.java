package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValueStore;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/** Properties that stand in a key-value store, while they change there. */
class ConfigImportTest {
  private static final String URI = "memory:spring-config";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private KeyValueStore store;

  /** An application with both sorts of beans that follow a refresh. */
  @SpringBootConfiguration
  @EnableAutoConfiguration
  @EnableConfigurationProperties(Limits.class)
  static class Settings {
    @Bean
    @RefreshScope
    Pool pool(@Value("${db.pool:0}") int size) {
      return new Pool(size);
    }
  }

  /** Made anew by a refresh. */
  static class Pool {
    private final int size;

    Pool() {
      this(0);
    }

    Pool(int size) {
      this.size = size;
    }

    int size() {
      return size;
    }
  }

  /** Bound anew by a refresh. */
  @ConfigurationProperties("limits")
  static class Limits {
    private int orders;

    public int getOrders() {
      return orders;
    }

    public void setOrders(int orders) {
      this.orders = orders;
    }
  }

  @BeforeEach
  void open() {
    store = KeyValueStore.open(URI);
  }

  @AfterEach
  void close() {
    store.deleteAll("").orTimeout(30, TimeUnit.SECONDS).join();
    store.close();
  }

  private void put(String key, String value) {
    store.put(key, value).orTimeout(30, TimeUnit.SECONDS).join();
  }

  private static ConfigurableApplicationContext start(String location, String... more) {
    String[] arguments = new String[more.length + 4];
    System.arraycopy(more, 0, arguments, 4, more.length);
    arguments[0] = "--spring.application.name=orders";
    arguments[1] = "--rollcall.uri=memory:";
    arguments[2] = "--rollcall.config.uri=" + URI;
    arguments[3] = "--spring.config.import=" + location;
    return Apps.plain(Settings.class, arguments);
  }

  @Test
  void keys_areProperties_theApplicationsBeforeThoseOfAll() {
    put("config/application/db/pool", "5");
    put("config/application/db/name", "common");
    put("config/orders/db/pool", "10");
    put("config/orders/dotted.key", "kept");
    store.put("config/orders/binary", Bytes.of(new byte[] {(byte) 0xff})).join();
    try (ConfigurableApplicationContext application = start("rollcall:")) {
      assertThat(application.getEnvironment().getProperty("db.pool")).isEqualTo("10");
      assertThat(application.getEnvironment().getProperty("db.name")).isEqualTo("common");
      assertThat(application.getEnvironment().getProperty("dotted.key")).isEqualTo("kept");
      assertThat(application.getEnvironment().getProperty("binary")).isNull();
      assertThat(application.getEnvironment().getPropertySources())
          .extracting(source -> source.getName())
          .contains("rollcall:config/orders/", "rollcall:config/application/");
    }
  }

  @Test
  void changes_reachBeansInRefreshScope_andProperties() {
    put("shop/db/pool", "10");
    try (ConfigurableApplicationContext application = start("rollcall:shop")) {
      Pool pool = application.getBean(Pool.class);
      assertThat(pool.size()).isEqualTo(10);
      put("shop/db/pool", "20");
      await().atMost(PATIENCE).until(() -> pool.size() == 20);
      put("shop/limits/orders", "7");
      await().atMost(PATIENCE).until(() -> application.getBean(Limits.class).getOrders() == 7);
      store.delete("shop/db/pool").join();
      await().atMost(PATIENCE).until(() -> pool.size() == 0);
    }
  }

  @Test
  void refreshOff_valuesStay() {
    put("shop/db/pool", "10");
    try (ConfigurableApplicationContext application =
        start("rollcall:shop", "--rollcall.config.refresh=false")) {
      assertThat(application.getBeanProvider(KeyValueRefresher.class).getIfAvailable()).isNull();
    }
  }

  @Test
  void storeThatIsNotThere_stopsTheStart_unlessTheImportIsOptional() {
    String nowhere = "--rollcall.config.uri=consul://127.0.0.1:1";
    String brief = "--rollcall.config.deadline=200ms";
    assertThatThrownBy(
            () ->
                Apps.plain(
                    Settings.class,
                    "--rollcall.uri=memory:",
                    nowhere,
                    brief,
                    "--spring.config.import=rollcall:shop"))
        .isInstanceOf(RegistryException.class);
    try (ConfigurableApplicationContext application =
        Apps.plain(
            Settings.class,
            "--rollcall.uri=memory:",
            nowhere,
            brief,
            "--spring.config.import=optional:rollcall:shop")) {
      assertThat(application.getBean(Pool.class).size()).isZero();
    }
  }

  @Test
  void withoutAUri_theStartFails_andWithRollcallOff_nothingIsRead() {
    assertThatThrownBy(() -> Apps.plain(Settings.class, "--spring.config.import=rollcall:shop"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("rollcall.uri: missing");
    try (ConfigurableApplicationContext application =
        Apps.plain(
            Settings.class, "--rollcall.enabled=false", "--spring.config.import=rollcall:shop")) {
      assertThat(application.getBean(Pool.class).size()).isZero();
    }
  }
}
