package dev.rollcall.spring;

import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.context.refresh.ContextRefresher;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;

/**
 * Watches the keys of each import while the context runs, and refreshes it when they differ from
 * the properties it has. A refresh runs on a thread of the store's listeners, one at a time: it
 * reads the import again and makes beans anew.
 *
 * <p>Its stores are guarded by this object. A refresh does not need it, so that closing them may
 * wait for one.
 */
final class KeyValueRefresher implements SmartLifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(KeyValueRefresher.class);

  private final ConfigurableEnvironment environment;
  private final ContextRefresher refresher;
  private final Map<String, KeyValueStore> stores = new HashMap<>(); // by URI

  KeyValueRefresher(ConfigurableEnvironment environment, ContextRefresher refresher) {
    this.environment = environment;
    this.refresher = refresher;
  }

  @Override
  public synchronized void start() {
    for (PropertySource<?> source : environment.getPropertySources()) {
      if (source instanceof KeyValueSource imported) {
        KeyValueResource resource = imported.resource();
        stores
            .computeIfAbsent(resource.uri, KeyValueStore::open)
            .watch(
                Keys.prefix(resource.prefix),
                change ->
                    changed(
                        imported.getName(),
                        resource,
                        KeyValueSource.properties(resource.prefix, change.now().values())));
      }
    }
  }

  private void changed(String name, KeyValueResource resource, Map<String, Object> now) {
    PropertySource<?> present = environment.getPropertySources().get(name);
    if (present != null && !now.equals(present.getSource())) {
      KeyValueLoader.keep(resource, now);
      Set<String> changed = refresher.refresh();
      LOG.info("Refreshed by {}: {}", resource, changed);
    }
  }

  @Override
  public synchronized void stop() {
    stores.values().forEach(KeyValueStore::close);
    stores.clear();
  }

  @Override
  public synchronized boolean isRunning() {
    return !stores.isEmpty();
  }
}
