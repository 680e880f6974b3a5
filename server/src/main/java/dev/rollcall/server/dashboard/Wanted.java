package dev.rollcall.server.dashboard;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.linecorp.armeria.common.QueryParams;
import dev.rollcall.Health;
import dev.rollcall.server.consul.ListedInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a visitor looks for. Immutable.
 *
 * @param words in small letters; each must be in some field
 * @param healths which are wanted
 * @param tags all of which an instance must have
 * @param node the node's name; empty for any
 * @param id the instance's ID; empty for any
 */
record Wanted(List<String> words, List<Health> healths, List<String> tags, String node, String id) {
  private static final int MAX_WORDS = 16;
  private static final List<Health> ALL = List.of(Health.values());
  private static final Splitter WORDS = Splitter.on(CharMatcher.whitespace()).omitEmptyStrings();

  /** Reads a query; empty where its health is none. */
  static Optional<Wanted> of(QueryParams query) {
    return healths(query.get("health", ""))
        .map(
            healths ->
                new Wanted(
                    words(query),
                    healths,
                    List.copyOf(query.getAll("tag")),
                    query.get("node", ""),
                    query.get("id", "")));
  }

  private static List<String> words(QueryParams query) {
    return WORDS
        .splitToStream(query.get("q", "").toLowerCase(Locale.ROOT))
        .limit(MAX_WORDS)
        .toList();
  }

  private static Optional<List<Health>> healths(String name) {
    return switch (name) {
      case "" -> Optional.of(ALL);
      case "passing" -> Optional.of(List.of(Health.PASSING));
      case "warning" -> Optional.of(List.of(Health.WARNING));
      case "critical" -> Optional.of(List.of(Health.CRITICAL));
      case "failing" -> Optional.of(List.of(Health.WARNING, Health.CRITICAL));
      default -> Optional.empty();
    };
  }

  boolean has(Health health) {
    return healths.contains(health);
  }

  boolean matches(ListedInstance instance) {
    return has(instance.health())
        && (node.isEmpty() || node.equals(instance.id().node()))
        && (id.isEmpty() || id.equals(instance.id().id()))
        && instance.tags().containsAll(tags)
        && (words.isEmpty() || isIn(text(instance)));
  }

  /** Tells whether all words are in some text. */
  boolean isIn(String text) {
    String small = text.toLowerCase(Locale.ROOT);
    return words.stream().allMatch(small::contains);
  }

  private static String text(ListedInstance instance) {
    List<String> fields = new ArrayList<>();
    fields.add(instance.service());
    fields.add(instance.id().id());
    fields.add(instance.id().node());
    fields.add(instance.address() + ":" + instance.port());
    fields.add(instance.health().name());
    fields.addAll(instance.tags());
    instance.metadata().forEach((key, value) -> fields.add(key + "=" + value));
    return String.join("\n", fields);
  }
}
