package dev.rollcall.server;

import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.logging.AccessLogWriter;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line a request, as {@code key=value} pairs, at INFO on the logger {@code
 * dev.rollcall.server.access}. The path is as it came, still escaped, so that nothing in it can
 * begin a line; what follows the question mark and all headers are left out, since either may hold
 * a token.
 */
final class AccessLog implements AccessLogWriter {
  private static final Logger LOG = LoggerFactory.getLogger("dev.rollcall.server.access");
  private static final int LONGEST_PATH = 200;

  @Override
  public void log(RequestLog log) {
    if (!LOG.isInfoEnabled()) {
      return;
    }
    String path = log.context().path();
    LOG.info(
        "client={} method={} path={} status={} bytes={} ms={}",
        log.context().remoteAddress().getAddress().getHostAddress(),
        log.context().method(),
        path.length() > LONGEST_PATH ? path.substring(0, LONGEST_PATH) : path,
        log.responseHeaders().status().code(),
        log.responseLength(),
        TimeUnit.NANOSECONDS.toMillis(log.totalDurationNanos()));
  }
}
