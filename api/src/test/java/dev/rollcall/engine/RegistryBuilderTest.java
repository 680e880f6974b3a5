package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.spi.RegistryBackend;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
  void closedRegistry_isNotHeldByItsShutdownHook() {
    WeakReference<Registry> closed = openAndClose();
    await()
        .until(
            () -> {
              System.gc();
              return closed.refersTo(null);
            });
  }

  private static WeakReference<Registry> openAndClose() {
    Registry registry = Registry.builder("scripted:").closeOnShutdown().build();
    registry.close();
    return new WeakReference<>(registry);
  }

  @Test
  void open_withKnownScheme_opens() {
    try (Registry registry = Registry.open("scripted:?token=c4n4ry&timeout=1s")) {
      assertThat(registry.service("orders").instances()).isEmpty();
      assertThat(registry.toString()).doesNotContain("c4n4ry");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          etcd://h:2379            | ; add dev.rollcall:rollcall-backend-etcd to the class path
          etcds://h:2379           | ; add dev.rollcall:rollcall-backend-etcd to the class path
          consul://h               | ; add dev.rollcall:rollcall-backend-consul to the class path
          consuls://h              | ; add dev.rollcall:rollcall-backend-consul to the class path
          memory:                  | ; add dev.rollcall:rollcall-backend-memory to the class path
          localhost:2379           | ; is a scheme missing? etcd://localhost:2379
          localhost:2379,b:2379/p  | ; is a scheme missing? etcd://localhost:2379
          agent.local:8500         | ; is a scheme missing? consul://agent.local:8500
          localhost:4711           | ; is a scheme missing? etcd://localhost:4711, or consul://
          10.0.0.1:8501            | ; is a scheme missing? consuls://10.0.0.1:8501
          [::1]:2379               | ; is a scheme missing? etcd://[::1]:2379
          http://localhost:8500    | ; consul://host:8500
          ectd://h:2379            | ; did you mean "etcd:" of rollcall-backend-etcd?
          scriptd:                 | ; did you mean "scripted:"?
          """)
  void open_withoutItsBackend_saysWhatToDo(String uri, String advice) {
    for (Runnable open :
        List.<Runnable>of(() -> Registry.open(uri), () -> KeyValueStore.open(uri))) {
      assertThatThrownBy(open::run)
          .isInstanceOfSatisfying(
              RegistryException.class,
              failure -> assertThat(failure.kind()).isEqualTo(RegistryException.Kind.INVALID))
          .hasMessageStartingWith("uri: ")
          .hasMessageContaining(advice);
    }
  }

  @Test
  void open_ofWhatIsNoUri_showsNothingOfIt() {
    for (String uri : List.of("1:c4n4ry", "c4n4ry", "1.2.3.4:2379@c4n4ry", "//h?token=c4n4ry")) {
      assertThatThrownBy(() -> Registry.open(uri))
          .hasMessageStartingWith("uri: not of the form")
          .hasMessageNotContaining("c4n4ry");
    }
  }

  @Test
  void open_withoutAnyBackend_saysWhatIsMissing() throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader alone = withoutServiceFiles()) {
      thread.setContextClassLoader(alone);
      assertThatThrownBy(
              () ->
                  alone
                      .loadClass(Registry.class.getName())
                      .getMethod("open", String.class)
                      .invoke(null, "nowhere:"))
          .cause()
          .hasMessageContaining("uri: no backend is on the class path")
          .hasMessageContaining("add a rollcall-backend module")
          .hasMessageContaining("merge META-INF/services");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void open_withAnotherCopyOfTheApi_saysThatThereAreTwo() throws Exception {
    try (URLClassLoader copy = withoutServiceFiles()) {
      assertThatThrownBy(
              () ->
                  copy.loadClass(Registry.class.getName())
                      .getMethod("open", String.class)
                      .invoke(null, "nowhere:"))
          .cause()
          .hasMessageContaining("ScriptedProvider not a subtype")
          .hasMessageContaining("another copy of rollcall-api");
    }
  }

  /** This class path as one jar that was made of many and has lost its service files. */
  private static URLClassLoader withoutServiceFiles() throws IOException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader()) {
      @Override
      public Enumeration<URL> findResources(String name) throws IOException {
        return name.startsWith("META-INF/services/dev.rollcall.")
            ? Collections.emptyEnumeration()
            : super.findResources(name);
      }
    };
  }

  @Test
  void open_withABrokenProviderBeforeIt_opens(@TempDir Path dir) throws IOException {
    Path services = Files.createDirectories(dir.resolve("META-INF/services"));
    Files.writeString(
        services.resolve("dev.rollcall.spi.BackendProvider"),
        "no.such.Provider\n" + ScriptedProvider.class.getName() + "\n");
    withContextOf(
        dir,
        RegistryBuilderTest.class.getClassLoader(),
        () -> {
          Registry.open("scripted:").close();
        });
  }

  /** A thread of another library's may have a loader that knows none of the application's jars. */
  @Test
  void open_onAThreadWithAnotherLoader_findsTheBackendBesideRollcall(@TempDir Path empty)
      throws IOException {
    withContextOf(
        empty,
        ClassLoader.getPlatformClassLoader(),
        () -> {
          Registry.open("scripted:").close();
        });
  }

  @Test
  void open_withABrokenProvider_isInvalid(@TempDir Path dir) throws IOException {
    Path services = Files.createDirectories(dir.resolve("META-INF/services"));
    Files.writeString(services.resolve("dev.rollcall.spi.BackendProvider"), "no.such.Provider\n");
    assertOpenFails(dir, "a backend on the class path cannot be loaded");
  }

  private static void assertOpenFails(Path classes, String message) throws IOException {
    withContextOf(
        classes,
        ClassLoader.getPlatformClassLoader(),
        () ->
            assertThatThrownBy(() -> Registry.open("nowhere:"))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining(message));
  }

  private static void withContextOf(Path classes, ClassLoader parent, Runnable task)
      throws IOException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    URL[] urls = {classes.toUri().toURL()};
    try (URLClassLoader context = new URLClassLoader(urls, parent)) {
      thread.setContextClassLoader(context);
      task.run();
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
