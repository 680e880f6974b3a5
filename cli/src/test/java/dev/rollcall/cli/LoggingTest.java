package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.rollcall.Freshness;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.testkit.server.FaultProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What a registration and an outage write, beside the tables of {@code docs/logging.md}. */
class LoggingTest extends StoresBehindProxies {
  private static final Pattern ROW =
      Pattern.compile("^\\| (\\w+) \\| `([\\w.]+)` \\| `([^`]+)` \\|", Pattern.MULTILINE);

  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final java.util.logging.Logger jdkRoot = java.util.logging.Logger.getLogger("");
  private final Level before = root.getLevel();
  private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
  private final List<LogRecord> jdkRecords = new CopyOnWriteArrayList<>();

  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          events.add(event);
        }
      };

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          jdkRecords.add(event);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void record() {
    appender.start();
    root.addAppender(appender);
    root.setLevel(Level.INFO);
    jdkRoot.addHandler(handler);
  }

  @AfterEach
  void stopRecording() {
    root.setLevel(before);
    root.detachAppender(appender);
    jdkRoot.removeHandler(handler);
  }

  @ParameterizedTest
  @ValueSource(strings = {"etcd", "consul"})
  void registrationAndOutage_writeWhatTheTablesSay_andNothingElse(String store) throws Exception {
    try (Orders orders = orders(store)) {
      orders.proxy().cut();
      until(() -> orders.view().snapshot().freshness() instanceof Freshness.Stale);
      until(() -> orders.registration().state() == State.LOST);
      orders.proxy().heal();
      until(() -> orders.view().snapshot().freshness() instanceof Freshness.Live);
      until(() -> orders.registration().state() == State.ACTIVE);
      orders.registration().close();
    }

    assertThat(events.stream().map(LoggingTest::row).collect(Collectors.toSet()))
        .isSubsetOf(table());
    assertThat(events.stream().map(event -> event.getMessage().replaceAll("[ :].*", "")))
        .contains("registered", "stale", "lost", "live", "restored", "deregistered");
    assertThat(jdkRecords.stream().map(it -> it.getLoggerName() + ": " + it.getMessage()).toList())
        .isEmpty();
  }

  /** The jar's own names: setting one level shows the lines. */
  @Test
  void clientsLines_areThereForThoseWhoAskForThem() throws Exception {
    Logger clients = (Logger) LoggerFactory.getLogger("dev.rollcall.etcd.shaded");
    clients.setLevel(Level.DEBUG);
    try (FaultProxy proxy = FaultProxy.to(etcd.server());
        Registry registry = Registry.open(uri("etcd", proxy.port()))) {
      proxy.refuse();
      assertThat(registry.snapshot("orders")).failsWithin(Duration.ofMinutes(1));
    } finally {
      clients.setLevel(null);
    }

    assertThat(events)
        .anySatisfy(
            event -> {
              assertThat(event.getLoggerName()).startsWith("dev.rollcall.etcd.shaded.io.etcd");
              assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
            });
  }

  private static Set<String> table() throws IOException {
    return ROW.matcher(Files.readString(Checkout.file("docs/logging.md")))
        .results()
        .map(row -> row.group(1) + " " + row.group(2) + " " + row.group(3))
        .collect(Collectors.toSet());
  }

  private static String row(ILoggingEvent event) {
    return event.getLevel() + " " + event.getLoggerName() + " " + event.getMessage();
  }

  private static void until(Callable<Boolean> condition) {
    Awaitility.await().atMost(90, TimeUnit.SECONDS).until(condition);
  }
}
