package dev.rollcall.spring.test;

import dev.rollcall.Registry;
import dev.rollcall.junit.FakeStore;
import dev.rollcall.spring.RollcallAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/** The beans of {@link AutoConfigureFakeStore}. */
@AutoConfiguration(before = RollcallAutoConfiguration.class)
class FakeStoreAutoConfiguration {

  @Bean(destroyMethod = "close")
  FakeStore rollcallFakeStore() {
    return FakeStore.open();
  }

  /** Closed with the store. */
  @Bean(destroyMethod = "")
  Registry rollcallRegistry(FakeStore store) {
    return store.registry();
  }
}
