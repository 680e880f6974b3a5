package dev.rollcall.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;

/**
 * Where threads had to wait, by the JVM's own events: for a monitor, in one, parked or asleep, each
 * with its stack. A thread's counters know the number alone, and count what the JVM waits for on
 * its own behalf as well, the loading of classes above all.
 */
final class Stalls implements AutoCloseable {
  private static final List<String> EVENTS =
      List.of("jdk.JavaMonitorEnter", "jdk.JavaMonitorWait", "jdk.ThreadPark", "jdk.ThreadSleep");

  private final Recording recording = new Recording();

  /** Begins to record, in all threads. */
  Stalls() {
    EVENTS.forEach(event -> recording.enable(event).withThreshold(Duration.ZERO).withStackTrace());
    recording.start();
  }

  /** Ends the record and returns the waits that began below a method, as their stacks. */
  List<String> below(Class<?> type, String method) {
    recording.stop();
    List<String> found = new ArrayList<>();
    try {
      Path file = Files.createTempFile("stalls", ".jfr");
      try {
        recording.dump(file);
        for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
          if (EVENTS.contains(event.getEventType().getName()) && isBelow(event, type, method)) {
            found.add(event.toString());
          }
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    return found;
  }

  private static boolean isBelow(RecordedEvent event, Class<?> type, String method) {
    RecordedStackTrace stack = event.getStackTrace();
    if (stack == null) {
      return false;
    }
    for (RecordedFrame frame : stack.getFrames()) {
      String at = frame.getMethod().getType().getName();
      if (at.equals("java.lang.ClassLoader") || at.startsWith("jdk.internal.loader.")) {
        return false; // the JVM's wait, not the method's
      }
      if (at.equals(type.getName()) && frame.getMethod().getName().equals(method)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    recording.close();
  }
}
