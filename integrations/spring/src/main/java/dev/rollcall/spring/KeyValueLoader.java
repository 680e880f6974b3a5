package dev.rollcall.spring;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValueStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.config.ConfigData;
import org.springframework.boot.context.config.ConfigDataLoader;
import org.springframework.boot.context.config.ConfigDataLoaderContext;
import org.springframework.boot.logging.DeferredLogFactory;

/**
 * Reads the keys of an import, at the start and at each refresh. The last values of this process
 * are kept: a refresh in an outage of the store must not take all settings away.
 *
 * <p>An import that is optional and cannot be read is empty, and not missing: so {@link
 * KeyValueRefresher} knows of it, and brings its values once the store is there.
 */
final class KeyValueLoader implements ConfigDataLoader<KeyValueResource> {
  /** By what was read; a process has few imports. */
  private static final Map<KeyValueResource, Map<String, Object>> LAST = new ConcurrentHashMap<>();

  private final Log log;

  KeyValueLoader(DeferredLogFactory logs) {
    this.log = logs.getLog(KeyValueLoader.class);
  }

  static void keep(KeyValueResource resource, Map<String, Object> values) {
    LAST.put(resource, values);
  }

  @Override
  public ConfigData load(ConfigDataLoaderContext context, KeyValueResource resource) {
    if (resource.uri.isEmpty()) {
      return ConfigData.EMPTY;
    }
    Map<String, Object> values;
    try {
      values = read(resource);
      keep(resource, values);
    } catch (RegistryException e) {
      values = instead(resource, e);
    }
    return new ConfigData(List.of(new KeyValueSource(resource, values)));
  }

  private static Map<String, Object> read(KeyValueResource resource) {
    try (KeyValueStore store =
        KeyValueStore.builder(resource.uri).deadline(resource.deadline).build()) {
      return KeyValueSource.properties(resource.prefix, store.list(resource.prefix).join());
    } catch (CompletionException e) {
      throw e.getCause() instanceof RegistryException cause ? cause : e;
    }
  }

  private Map<String, Object> instead(KeyValueResource resource, RegistryException why) {
    @Nullable Map<String, Object> last = LAST.get(resource);
    if (last != null) {
      log.warn("The last values of " + resource + " are used: " + why.getMessage());
      return last;
    }
    if (resource.optional && why.kind() == RegistryException.Kind.UNAVAILABLE) {
      log.warn("Nothing is known of " + resource + " yet: " + why.getMessage());
      return Map.of();
    }
    throw why;
  }
}
