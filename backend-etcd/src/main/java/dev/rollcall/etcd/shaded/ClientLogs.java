package dev.rollcall.etcd.shaded;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;

/**
 * Where the classes of the jar get their loggers: the build relocates the name of SLF4J's {@code
 * LoggerFactory} to this one. The libraries inside warn of each failed call and each retry, which
 * the caller is told as well and {@code docs/logging.md} does not list. Their loggers, whose names
 * are this package's, write at DEBUG what they would write above it. All others are as they are.
 *
 * <p>gRPC logs by the JDK. The level of its loggers is set where the application has set none: no
 * other class has loggers of these names.
 *
 * <p>Public since the relocated classes lie in other packages. Thread-safe.
 *
 * @since 0.1.0
 */
public final class ClientLogs {
  private static final String OURS = "dev.rollcall.etcd.shaded.";

  /** Kept here, since the JDK forgets the level of a logger that nobody holds. */
  private static final java.util.logging.Logger GRPC =
      java.util.logging.Logger.getLogger(OURS + "io.grpc");

  static {
    if (GRPC.getLevel() == null) {
      GRPC.setLevel(java.util.logging.Level.SEVERE);
    }
  }

  private ClientLogs() {}

  /**
   * Stands for SLF4J's method of this name.
   *
   * @param type whose logger
   * @return its logger
   */
  public static Logger getLogger(Class<?> type) {
    return getLogger(type.getName());
  }

  /**
   * Stands for SLF4J's method of this name.
   *
   * @param name of the logger
   * @return the logger
   */
  public static Logger getLogger(String name) {
    return getILoggerFactory().getLogger(name);
  }

  /**
   * Stands for SLF4J's method of this name.
   *
   * @return a factory whose loggers of relocated classes are quiet
   */
  public static ILoggerFactory getILoggerFactory() {
    ILoggerFactory real = slf4j();
    return name -> name.startsWith(OURS) ? quiet(real.getLogger(name)) : real.getLogger(name);
  }

  /** Calls the real method, whose class the build would relocate were it written out. */
  private static ILoggerFactory slf4j() {
    try {
      return (ILoggerFactory)
          Class.forName(Logger.class.getPackageName() + ".LoggerFactory")
              .getMethod("getILoggerFactory")
              .invoke(null);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException("SLF4J has no LoggerFactory", impossible);
    }
  }

  private static Logger quiet(Logger logger) {
    return new Demoted(logger);
  }

  /** Writes at DEBUG what is to be written above it. A class and no proxy, which costs a start. */
  private static final class Demoted extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;

    private final transient Logger to;

    Demoted(Logger to) {
      this.to = to;
      this.name = to.getName();
    }

    @Override
    public boolean isTraceEnabled() {
      return to.isTraceEnabled();
    }

    @Override
    public boolean isDebugEnabled() {
      return to.isDebugEnabled();
    }

    @Override
    public boolean isInfoEnabled() {
      return to.isDebugEnabled();
    }

    @Override
    public boolean isWarnEnabled() {
      return to.isDebugEnabled();
    }

    @Override
    public boolean isErrorEnabled() {
      return to.isDebugEnabled();
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
      return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
        Level level,
        @Nullable Marker marker,
        String message,
        @Nullable Object @Nullable [] arguments,
        @Nullable Throwable thrown) {
      @Nullable Object[] all = arguments == null ? new Object[0] : arguments;
      if (thrown != null) { // the last argument that is none of the message's
        all = Arrays.copyOf(all, all.length + 1);
        all[all.length - 1] = thrown;
      }
      if (level == Level.TRACE) {
        to.trace(message, all);
      } else {
        to.debug(message, all);
      }
    }
  }
}
