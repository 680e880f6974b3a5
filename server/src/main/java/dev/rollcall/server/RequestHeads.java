package dev.rollcall.server;

import io.netty.util.ByteProcessor;
import java.util.Locale;

/**
 * Reads over what a connection of HTTP/1 sends, and counts the Host headers of each request. It
 * keeps the beginning of a line, and nothing else. Where a request has a body, it looks on when
 * that is said to have ended. Confined to the connection's event loop.
 */
final class RequestHeads implements ByteProcessor {
  private static final int LONGEST_NAME = 20;
  private static final String PREFACE = "pri * http/2.0";

  private final StringBuilder line = new StringBuilder(LONGEST_NAME);
  private boolean isFirstLine = true;
  private boolean hasBody;
  private boolean isInBody;
  private boolean mayUpgrade;
  private boolean isMultiplex;
  private int hosts;

  @Override
  public boolean process(byte value) {
    if (isInBody || isMultiplex) {
      return false;
    }
    if (value != '\n') {
      if (line.length() < LONGEST_NAME && value != '\r') {
        line.append((char) (value & 0xff));
      }
      return true;
    }
    String begins = line.toString().toLowerCase(Locale.ROOT);
    line.setLength(0);
    if (isFirstLine) {
      isMultiplex = begins.equals(PREFACE);
      isFirstLine = begins.isEmpty(); // some send an empty line before
    } else if (begins.isEmpty()) {
      isInBody = hasBody;
      isMultiplex = mayUpgrade;
      begin();
    } else {
      hosts += begins.startsWith("host:") ? 1 : 0;
      hasBody |= begins.startsWith("content-length:") || begins.startsWith("transfer-encoding:");
      mayUpgrade |= begins.startsWith("upgrade:");
    }
    return hosts < 2;
  }

  private void begin() {
    isFirstLine = true;
    hasBody = false;
    hosts = 0;
  }

  /** The body of the last request has ended. */
  void bodyEnded() {
    isInBody = false;
  }

  boolean hasTwoHosts() {
    return hosts > 1;
  }

  /** The connection has not become one of HTTP/2, although a request has offered it. */
  void notUpgraded() {
    isMultiplex = false;
    mayUpgrade = false;
  }

  /** Tells whether the connection is one of HTTP/2, or may become one. */
  boolean isMultiplex() {
    return isMultiplex;
  }
}
