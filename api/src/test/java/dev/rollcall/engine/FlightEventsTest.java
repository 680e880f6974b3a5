package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Liveness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import jdk.jfr.EventType;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a recording of the JDK Flight Recorder holds of a registry that nobody observes. */
class FlightEventsTest extends RegistryFixture {
  private static final ServiceInstance A = Samples.instance("a");
  private static final ServiceInstance B = Samples.instance("b");
  private static final Pattern ROW =
      Pattern.compile("^\\| `(dev\\.rollcall\\.\\w+)` \\| ([^|]*) \\|", Pattern.MULTILINE);
  private static final Pattern FIELD = Pattern.compile("`(\\w+)`");

  @TempDir Path folder;

  private List<RecordedEvent> recorded(Runnable action, List<Class<? extends jdk.jfr.Event>> on)
      throws IOException {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      on.forEach(recording::enable);
      recording.start();
      action.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("dev.rollcall."))
        .toList();
  }

  /** All there are. */
  @SuppressWarnings("unchecked")
  private static List<Class<? extends jdk.jfr.Event>> all() {
    List<Class<? extends jdk.jfr.Event>> all = new ArrayList<>();
    for (Class<?> type : FlightEvents.class.getDeclaredClasses()) {
      all.add((Class<? extends jdk.jfr.Event>) type);
    }
    assertThat(all).hasSize(9);
    return all;
  }

  /** Does everything once that an event tells of, but for what takes a thread or a checker. */
  private void live() {
    RegistryException down = RegistryException.unavailable("it is down", null);
    Registration registration = registry.announce(A, Liveness.heartbeat(ScriptedBackend.TTL));
    ServiceView view = registry.service("orders");
    assertThatThrownBy(view::pick).isInstanceOf(NoInstanceException.class);
    backend.lastWatch().load(A, B);
    view.watch(
        change -> {
          if (change.before().version() > 0) {
            timer.advance(Duration.ofMillis(30));
            throw new IllegalStateException("no");
          }
        });
    backend.lastWatch().sink.put(Samples.instance("b", 1), 2);
    view.failed(A);
    backend.lastWatch().sink.interrupted(down);
    registration.close();
  }

  private static List<RecordedEvent> of(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("dev.rollcall." + name))
        .toList();
  }

  @Test
  void recording_holdsWhatItHasEnabled() throws IOException {
    List<RecordedEvent> events = recorded(this::live, all());

    assertThat(of(events, "WatchChanged"))
        .extracting(event -> event.getString("from") + ">" + event.getString("to"))
        .containsExactly(">LOADING", "LOADING>LIVE", "LIVE>INTERRUPTED");
    assertThat(of(events, "WatchChanged").get(2).getString("reason")).isEqualTo("it is down");
    assertThat(of(events, "RegistrationChanged"))
        .allMatch(event -> event.getString("instance").equals("a"))
        .extracting(event -> event.getString("to"))
        .containsExactly("PENDING", "ACTIVE", "CLOSED", "DEREGISTERED");
    assertThat(of(events, "StoreCalled"))
        .allMatch(event -> event.getString("service").equals("orders"))
        .extracting(event -> event.getString("verb") + " " + event.getString("outcome"))
        .containsExactly("REGISTER SUCCESS", "DEREGISTER SUCCESS");
    assertThat(of(events, "LookupFailed"))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.getString("reason")).isEqualTo("NOT_LOADED");
              assertThat(event.getStackTrace().getFrames())
                  .anyMatch(
                      frame ->
                          frame
                              .getMethod()
                              .getType()
                              .getName()
                              .equals(FlightEventsTest.class.getName()));
            });
    assertThat(of(events, "ChangeDelivered"))
        .singleElement()
        .satisfies(event -> assertThat(event.getLong("conflated")).isZero());
    assertThat(of(events, "ListenerCalled"))
        .anySatisfy(
            event -> {
              assertThat(event.getDuration("took")).isEqualTo(Duration.ofMillis(30));
              assertThat(event.getString("thrown")).isEqualTo("java.lang.IllegalStateException");
            });
    assertThat(of(events, "Ejected"))
        .singleElement()
        .satisfies(
            event -> assertThat(event.getDuration("ejectedFor")).isGreaterThan(Duration.ZERO));
  }

  @Test
  void recording_thatHasEnabledNothing_holdsNothing() throws IOException {
    assertThat(recorded(this::live, List.of())).isEmpty();
  }

  @Test
  void protectionAndSlowListeners_areRecorded() throws IOException {
    FlightObserver recorder = new FlightObserver();
    List<RecordedEvent> events =
        recorded(
            () -> {
              assertThat(recorder.isRecording()).isTrue();
              recorder.protectionBegan("orders");
              recorder.protectionEnded("orders", Duration.ofSeconds(10));
              recorder.listenerSlow("orders");
            },
            all());

    assertThat(of(events, "Protection"))
        .extracting(event -> event.getBoolean("on") + " " + event.getDuration("after"))
        .containsExactly("true PT0S", "false PT10S");
    assertThat(of(events, "ListenerSlow"))
        .singleElement()
        .satisfies(event -> assertThat(event.getString("service")).isEqualTo("orders"));
  }

  @Test
  void events_areAsTheirTableSays() throws IOException {
    Map<String, List<String>> told = new TreeMap<>();
    for (MatchResult row :
        ROW.matcher(Files.readString(checkout().resolve("docs/metrics.md"))).results().toList()) {
      told.put(
          row.group(1),
          FIELD.matcher(row.group(2)).results().map(field -> field.group(1)).toList());
    }
    Map<String, List<String>> written = new TreeMap<>();
    for (Class<? extends jdk.jfr.Event> event : all()) {
      EventType type = EventType.getEventType(event);
      List<String> fields =
          type.getFields().stream()
              .map(ValueDescriptor::getName)
              .filter(
                  name ->
                      !List.of("startTime", "duration", "eventThread", "stackTrace").contains(name))
              .toList();
      written.put(type.getName(), fields);
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
