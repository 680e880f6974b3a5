package dev.rollcall.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FigureTest {
  @Test
  @DisplayName("A figure comes back from its line as it was, and other lines carry none")
  void line_andBack() {
    Figure figure = new Figure("herd.etcd.calm", 1234.5678901, "s", "etcd, 1,000 processes: calm");
    assertThat(Figure.parse(figure.line())).contains(figure);
    assertThat(Figure.parse("WARN something")).isEmpty();
    assertThatThrownBy(() -> Figure.parse("figure\ta\t1"))
        .hasMessageContaining("expected: 5 columns");
  }

  @Test
  @DisplayName("What is no number, or would break its line, is refused")
  void bad_isRefused() {
    assertThatThrownBy(() -> new Figure("a", Double.NaN, "s", "b"))
        .hasMessageContaining("expected: a number");
    assertThatThrownBy(() -> new Figure("a", 1, "s", "b\tc"))
        .hasMessageContaining("expected: one line, no tab");
  }

  @Test
  @DisplayName("An hour is a window by its share; a change is what silence does not explain")
  void idleHour_arithmetic() {
    assertThat(IdleHour.anHour(50, 30)).isEqualTo(6_000);
    assertThat(IdleHour.aChange(1_100, 6, 60_000, 10)).isEqualTo(100);
    assertThat(IdleHour.aChange(90, 6, 60_000, 10)).isZero();
  }

  @Test
  @DisplayName("A quantile is a value that was measured")
  void quantile_ofFew() {
    long[] sorted = {1, 2, 3, 4};
    assertThat(Deploy.quantile(sorted, 0.5)).isEqualTo(3);
    assertThat(Deploy.quantile(sorted, 0.99)).isEqualTo(4);
    assertThat(Deploy.quantile(new long[] {7}, 0.5)).isEqualTo(7);
  }

  @Test
  @DisplayName("No two scenarios measure the same")
  void scenarios_areSound() {
    assertThat(Scenario.all().stream().flatMap(one -> one.figures().stream()).toList())
        .doesNotHaveDuplicates();
  }
}
