package dev.rollcall.testkit.server;

/**
 * No executable of the wanted server could be found or fetched. The message is one sentence that
 * says what to install or to set, and why each place that was tried had none.
 *
 * @since 0.1.0
 */
public final class ServerNotFoundException extends ServerException {
  private static final long serialVersionUID = 1L;

  ServerNotFoundException(String message) {
    super(message);
  }
}
