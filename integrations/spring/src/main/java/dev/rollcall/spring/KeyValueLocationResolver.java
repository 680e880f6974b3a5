package dev.rollcall.spring;

import dev.rollcall.RegistryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.springframework.boot.context.config.ConfigDataLocation;
import org.springframework.boot.context.config.ConfigDataLocationResolver;
import org.springframework.boot.context.config.ConfigDataLocationResolverContext;
import org.springframework.boot.context.properties.bind.Binder;

/**
 * Understands {@code spring.config.import=rollcall:PREFIX}: all keys that begin with {@code
 * PREFIX/} in the store of {@code rollcall.config.uri}, else {@code rollcall.uri}. Without a prefix
 * it is {@code config/application/} and, before that, {@code config/NAME/} by the application's
 * name.
 */
final class KeyValueLocationResolver implements ConfigDataLocationResolver<KeyValueResource> {
  private static final String SCHEME = "rollcall:";

  @Override
  public boolean isResolvable(
      ConfigDataLocationResolverContext context, ConfigDataLocation location) {
    return location.hasPrefix(SCHEME);
  }

  @Override
  public List<KeyValueResource> resolve(
      ConfigDataLocationResolverContext context, ConfigDataLocation location) {
    Binder binder = context.getBinder();
    boolean enabled = binder.bind("rollcall.enabled", Boolean.class).orElse(true);
    RollcallProperties.Config config =
        binder.bindOrCreate("rollcall.config", RollcallProperties.Config.class);
    String uri =
        Objects.requireNonNullElseGet(
            config.uri(), () -> binder.bind("rollcall.uri", String.class).orElse(""));
    if (enabled && uri.isBlank()) {
      throw RegistryException.invalid(
          "rollcall.uri: missing (expected: the store of spring.config.import=" + location + ")");
    }
    return prefixes(location.getNonPrefixedValue(SCHEME), binder).stream()
        .map(
            prefix ->
                new KeyValueResource(
                    enabled ? uri : "", prefix, config.deadline(), location.isOptional()))
        .toList();
  }

  /** The last one has the last word. */
  private static List<String> prefixes(String given, Binder binder) {
    if (!given.isBlank()) {
      return List.of(given.endsWith("/") ? given : given + "/");
    }
    List<String> prefixes = new ArrayList<>(List.of("config/application/"));
    binder
        .bind("spring.application.name", String.class)
        .ifBound(name -> prefixes.add("config/" + name + "/"));
    return prefixes;
  }
}
