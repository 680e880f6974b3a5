package dev.rollcall.etcd.shaded;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;

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

  private static final Map<Method, Method> DEMOTED = new ConcurrentHashMap<>();

  static {
    if (GRPC.getLevel() == null) {
      GRPC.setLevel(Level.SEVERE);
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
    return (Logger)
        Proxy.newProxyInstance(
            ClientLogs.class.getClassLoader(),
            new Class<?>[] {Logger.class},
            (self, method, args) -> {
              try {
                return DEMOTED.computeIfAbsent(method, ClientLogs::demoted).invoke(logger, args);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              }
            });
  }

  private static Method demoted(Method method) {
    String name =
        method
            .getName()
            .replaceFirst("^(info|warn|error)$", "debug")
            .replaceFirst("^is(Info|Warn|Error)Enabled$", "isDebugEnabled")
            .replaceFirst("^at(Info|Warn|Error)$", "atDebug");
    try {
      return method.getDeclaringClass().getMethod(name, method.getParameterTypes());
    } catch (NoSuchMethodException impossible) {
      throw new IllegalStateException(method + " has no counterpart at DEBUG", impossible);
    }
  }
}
