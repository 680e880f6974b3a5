package dev.rollcall.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SharedByKeyTest {
  private final SharedByKey<String, Integer> shared = new SharedByKey<>();
  private final AtomicInteger made = new AtomicInteger(1000);

  private Integer join(String key) {
    return shared.join(key, made::incrementAndGet);
  }

  @Test
  void join_madeOnceForAllUsersOfAKey() {
    Integer first = join("a");
    assertThat(join("a")).isSameAs(first);
    assertThat(join("b")).isNotSameAs(first);
    assertThat(shared.size()).isEqualTo(2);
    assertThat(shared.contains("a")).isTrue();
  }

  @Test
  void leave_theLastIsToldSo_andTheNextMakesAnother() {
    Integer first = join("a");
    join("a");
    assertThat(shared.leave("a", first)).isFalse();
    assertThat(shared.contains("a")).isTrue();
    assertThat(shared.leave("a", first)).isTrue();
    assertThat(shared.contains("a")).isFalse();
    assertThat(join("a")).isNotSameAs(first);
  }

  @Test
  void leave_ofAnEarlierOne_leavesTheLaterAlone() {
    Integer first = join("a");
    assertThat(shared.leave("a", first)).isTrue();
    Integer second = join("a");
    assertThat(shared.leave("a", first)).isFalse();
    assertThat(shared.leave("a", second)).isTrue();
    assertThat(shared.leave("never", second)).isFalse();
  }

  @Test
  void join_whatCannotBeMade_hasNoUser() {
    assertThatThrownBy(
            () ->
                shared.join(
                    "a",
                    () -> {
                      throw new IllegalStateException("not made");
                    }))
        .hasMessage("not made");
    assertThat(shared.contains("a")).isFalse();
  }

  @Test
  void clear_givesAll_andNobodyIsTheLast() {
    Integer a = join("a");
    Integer b = join("b");
    assertThat(shared.clear()).containsExactlyInAnyOrder(a, b);
    assertThat(shared.size()).isZero();
    assertThat(shared.leave("a", a)).isFalse();
  }
}
