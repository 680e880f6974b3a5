package dev.rollcall.cli;

import dev.rollcall.Freshness;

/**
 * How far a state can be trusted, in words.
 *
 * @param state live, stale, protected or loading
 * @param cause why it is not live, empty where it is, or nothing is known
 */
record Trust(String state, String cause) {
  static final Trust LIVE = new Trust("live", "");

  static Trust of(Freshness freshness) {
    if (freshness instanceof Freshness.Stale stale) {
      return stale(stale.cause());
    }
    if (freshness instanceof Freshness.Protected held) {
      return new Trust("protected", held.cause());
    }
    if (freshness instanceof Freshness.Loading loading) {
      return new Trust("loading", loading.cause().map(Sentence::of).orElse(""));
    }
    return LIVE;
  }

  static Trust stale(Throwable cause) {
    return new Trust("stale", Sentence.of(cause));
  }

  @Override
  public String toString() {
    return cause.isEmpty() ? state : state + ": " + cause;
  }
}
