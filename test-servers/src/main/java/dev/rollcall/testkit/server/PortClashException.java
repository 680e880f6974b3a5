package dev.rollcall.testkit.server;

/** A server ended because another process listens on one of its ports; other ports may do. */
final class PortClashException extends ServerException {
  private static final long serialVersionUID = 1L;

  PortClashException(String message) {
    super(message);
  }
}
