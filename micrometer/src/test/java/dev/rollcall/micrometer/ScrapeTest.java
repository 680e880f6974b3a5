package dev.rollcall.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rollcall.Registry;
import dev.rollcall.RegistryObserver;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What Prometheus reads of a registry, and what is told of it. */
class ScrapeTest {
  private static final Pattern SAMPLE =
      Pattern.compile("^(rollcall_\\w+)(?:\\{(.*)})? ", Pattern.MULTILINE);
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");
  private static final Pattern METRIC = Pattern.compile("(rollcall_\\w+)\\{([^}]*)}");
  private static final Pattern MATCHED = Pattern.compile("(\\w+)(?:=|!=|=~|!~)\"");
  private static final Pattern GROUPED = Pattern.compile("by \\(([^)]*)\\)");
  private static final Pattern ROW =
      Pattern.compile("^\\| `(rollcall\\.[\\w.]+)` \\| (\\w+) \\|([^|]*)\\|", Pattern.MULTILINE);
  private static final Pattern TAG = Pattern.compile("`(\\w+)`");

  private static final PrometheusMeterRegistry METERS =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** The labels of each sample, by its name. */
  private static final Map<String, Set<String>> SAMPLES = new TreeMap<>();

  @BeforeAll
  static void live() {
    MicrometerObserver observer = new MicrometerObserver(METERS);
    try (Registry registry = Registry.builder("memory:").observer(observer).build()) {
      Scenario.live(registry, METERS);
    }
    // What takes a fault of the store, or more than a test should wait for.
    observer.watchOpened("orders");
    observer.watchChanged(
        "orders",
        new RegistryObserver.Transition<>(
            RegistryObserver.WatchState.LOADING,
            RegistryObserver.WatchState.INTERRUPTED,
            Duration.ofSeconds(1),
            "it is down"));
    for (MatchResult sample : SAMPLE.matcher(METERS.scrape()).results().toList()) {
      Set<String> labels =
          sample.group(2) == null
              ? Set.of()
              : LABEL
                  .matcher(sample.group(2))
                  .results()
                  .map(label -> label.group(1))
                  .collect(Collectors.toSet());
      SAMPLES.computeIfAbsent(sample.group(1), name -> new TreeSet<>()).addAll(labels);
    }
  }

  @AfterAll
  static void close() {
    METERS.close();
  }

  private static List<String> queries() throws IOException {
    try (InputStream file = ScrapeTest.class.getResourceAsStream("grafana-dashboard.json")) {
      JsonNode dashboard = new ObjectMapper().readTree(file);
      return dashboard.get("panels").findValuesAsText("expr");
    }
  }

  @Test
  void eachQueryOfTheDashboard_asksForWhatIsExported() throws IOException {
    List<String> queries = queries();
    assertThat(queries).hasSizeGreaterThan(20);
    for (String query : queries) {
      List<MatchResult> metrics = METRIC.matcher(query).results().toList();
      assertThat(metrics).as(query).isNotEmpty();
      assertThat(query.split("rollcall_", -1)).as(query).hasSize(metrics.size() + 1);
      for (MatchResult metric : metrics) {
        assertThat(SAMPLES).as(query).containsKey(metric.group(1));
        Set<String> labels = new TreeSet<>();
        MATCHED.matcher(metric.group(2)).results().forEach(it -> labels.add(it.group(1)));
        GROUPED
            .matcher(query)
            .results()
            .forEach(it -> labels.addAll(List.of(it.group(1).split(", "))));
        labels.remove("job"); // which Prometheus adds
        assertThat(SAMPLES.get(metric.group(1))).as(query).containsAll(labels);
      }
    }
  }

  @Test
  void dashboard_showsAllThatIsExported() throws IOException {
    String all = String.join("\n", queries());
    Set<String> names = new TreeSet<>();
    for (String sample : SAMPLES.keySet()) {
      names.add(sample.replaceAll("_seconds_(count|sum|max)$", "_seconds"));
    }
    assertThat(names).hasSize(14).allSatisfy(name -> assertThat(all).contains(name));
  }

  @Test
  void meters_areAsTheirTableSays() throws IOException {
    Map<String, String> told = new TreeMap<>();
    ROW.matcher(Files.readString(checkout().resolve("docs/metrics.md")))
        .results()
        .forEach(
            row ->
                told.put(
                    row.group(1),
                    row.group(2)
                        + TAG.matcher(row.group(3))
                            .results()
                            .map(tag -> tag.group(1))
                            .sorted()
                            .toList()));
    Map<String, String> written = new TreeMap<>();
    for (Meter meter : METERS.getMeters()) {
      written.put(
          meter.getId().getName(),
          meter.getId().getType().name().toLowerCase(Locale.ROOT)
              + meter.getId().getTags().stream().map(Tag::getKey).sorted().toList());
    }
    assertThat(told).isEqualTo(written);
  }

  private static Path checkout() throws IOException {
    Path folder = Path.of("").toRealPath();
    while (!Files.exists(folder.resolve("rollcall"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
