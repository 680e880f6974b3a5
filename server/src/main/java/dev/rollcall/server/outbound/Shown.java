package dev.rollcall.server.outbound;

/** What a stranger has sent, made fit for a message: shortened, control characters visible. */
final class Shown {
  private static final int MOST = 60;

  private Shown() {}

  static String of(String value) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < Math.min(value.length(), MOST); i++) {
      char c = value.charAt(i);
      if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append(value.length() > MOST ? "…\"" : "\"").toString();
  }
}
