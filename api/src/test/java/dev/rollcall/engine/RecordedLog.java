package dev.rollcall.engine;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What Rollcall writes to the log while this is open. */
final class RecordedLog implements AutoCloseable {
  private static final class Recorder extends AppenderBase<ILoggingEvent> {
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      events.add(event);
    }
  }

  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.rollcall");
  private final Recorder recorder = new Recorder();

  RecordedLog() {
    recorder.start();
    logger.addAppender(recorder);
  }

  /** Every line with its level. */
  List<String> lines() {
    return recorder.events.stream()
        .map(event -> event.getLevel() + " " + event.getFormattedMessage())
        .toList();
  }

  List<String> warnings() {
    return recorder.events.stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Override
  public void close() {
    logger.detachAppender(recorder);
  }
}
