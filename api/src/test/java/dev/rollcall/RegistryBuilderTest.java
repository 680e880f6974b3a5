package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.spi.RegistryBackend;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RegistryBuilderTest {

  @Test
  void open_withUnknownScheme_listsTheKnownOnes() {
    assertThatThrownBy(() -> Registry.open("nowhere://h?token=c4n4ry"))
        .isInstanceOf(RegistryException.class)
        .hasMessage(
            "uri: no backend on the class path for \"nowhere:\" (expected: scripted, scripteds)");
  }

  @Test
  void open_withUnknownOption_namesItAndNoValue() {
    assertThatThrownBy(() -> Registry.open("scripted://h?tokem=c4n4ry"))
        .hasMessageContaining("did you mean \"token\"?")
        .hasMessageNotContaining("c4n4ry");
  }

  @Test
  void open_withNull_isRefused() {
    assertThatThrownBy(() -> Registry.open(null))
        .hasMessage("uri or backend: null (expected: a value)");
    assertThatThrownBy(() -> Registry.builder((RegistryBackend) null))
        .hasMessage("uri or backend: null (expected: a value)");
  }

  @Test
  void open_withKnownScheme_opens() {
    try (Registry registry = Registry.open("scripted:?token=c4n4ry&timeout=1s")) {
      assertThat(registry.service("orders").instances()).isEmpty();
      assertThat(registry.toString()).doesNotContain("c4n4ry");
    }
  }

  @Test
  void open_withoutAnyBackend_saysWhatIsMissing(@TempDir Path empty) throws IOException {
    assertOpenFails(empty, "add a rollcall-backend module");
  }

  @Test
  void open_withABrokenProvider_isInvalid(@TempDir Path dir) throws IOException {
    Path services = Files.createDirectories(dir.resolve("META-INF/services"));
    Files.writeString(services.resolve("dev.rollcall.spi.BackendProvider"), "no.such.Provider\n");
    assertOpenFails(dir, "a backend on the class path cannot be loaded");
  }

  private static void assertOpenFails(Path classes, String message) throws IOException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    URL[] urls = {classes.toUri().toURL()};
    try (URLClassLoader alone = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      thread.setContextClassLoader(alone);
      assertThatThrownBy(() -> Registry.open("nowhere:"))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining(message);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  static Stream<UnaryOperator<RegistryBuilder>> refused() {
    return Stream.of(
        b -> b.deadline(Duration.ofMillis(99)),
        b -> b.deadline(Duration.ofHours(1).plusNanos(1)),
        b -> b.deadline(null),
        b -> b.dropIdleViewsAfter(Duration.ofMillis(99)),
        b -> b.dropIdleViewsAfter(Duration.ofDays(1).plusNanos(1)),
        b -> b.massLossProtection(0, Duration.ofSeconds(1)),
        b -> b.massLossProtection(-1, Duration.ofSeconds(1)),
        b -> b.massLossProtection(Double.NaN, Duration.ofSeconds(1)),
        b -> b.massLossProtection(0.5, Duration.ofMillis(999)),
        b -> b.massLossProtection(0.5, Duration.ofDays(2)),
        b -> b.timer(null),
        b -> b.listenerExecutor(null));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void settings_beyondTheirRange_areRefused(UnaryOperator<RegistryBuilder> edit) {
    assertThatThrownBy(() -> edit.apply(Registry.builder("scripted:")))
        .isInstanceOf(RegistryException.class)
        .hasMessageMatching("\\w+: .+ \\(expected: .+\\)");
  }

  @Test
  void settings_atTheirLimits_areTaken() {
    Registry.builder("scripted:")
        .deadline(Duration.ofMillis(100))
        .deadline(Duration.ofHours(1))
        .dropIdleViewsAfter(Duration.ofMillis(100))
        .dropIdleViewsAfter(Duration.ofDays(1))
        .massLossProtection(1, Duration.ofSeconds(1))
        .massLossProtection(Double.MIN_VALUE, Duration.ofDays(1))
        .build()
        .close();
  }
}
