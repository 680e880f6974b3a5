package dev.rollcall.testkit.server;

import org.jspecify.annotations.Nullable;

/**
 * A test server or proxy could not do what it was asked. The message names the server and ends with
 * the last lines of its log where there is one.
 *
 * <p>{@link ServerNotFoundException} is the one case that a person mends by installing something;
 * any other means that this run failed.
 *
 * @since 0.1.0
 */
public class ServerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ServerException(String message) {
    super(message);
  }

  ServerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
