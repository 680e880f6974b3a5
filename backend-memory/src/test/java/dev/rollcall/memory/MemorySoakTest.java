package dev.rollcall.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.soak.Soak;
import dev.rollcall.testkit.soak.SoakReport;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** Random operations and faults of the line, and all that must hold of them. */
class MemorySoakTest {
  /** How long each store is soaked in the profile {@code long}. */
  private static final long MINUTES = Long.getLong("rollcall.soak.minutes", 20);

  @Test
  void someSeconds(TestReporter reporter) {
    soak(Duration.ofSeconds(4), reporter);
  }

  @Test
  @Tag("long")
  void manyMinutes(TestReporter reporter) {
    soak(Duration.ofMinutes(MINUTES), reporter);
  }

  private static void soak(Duration length, TestReporter reporter) {
    SoakReport report = Soak.on("memory:").lasting(length).run();

    String said = String.join("\n", report.lines());
    reporter.publishEntry("soak", said);
    assertThat(report.passed()).as(said).isTrue();
  }
}
