package dev.rollcall.server.consul;

import org.jspecify.annotations.Nullable;

/** A request that is answered with a status and a sentence. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String sentence;
  private final boolean isQuery;

  RefusedException(int status, String sentence) {
    this(status, sentence, false);
  }

  private RefusedException(int status, String sentence, boolean isQuery) {
    super(sentence, null, false, false);
    this.status = status;
    this.sentence = sentence;
    this.isQuery = isQuery;
  }

  static RefusedException bad(String sentence) {
    return new RefusedException(400, sentence);
  }

  /** As Consul answers what its servers, not its agents, have refused. */
  static RefusedException failed(String sentence) {
    return new RefusedException(500, sentence);
  }

  /** As Consul answers a query that failed: with an index that means nothing. */
  static RefusedException query(String sentence) {
    return new RefusedException(500, sentence, true);
  }

  /** Returns the same with a sentence that goes on. */
  RefusedException because(String more) {
    return new RefusedException(status, sentence + more, isQuery);
  }

  Answer answer() {
    Answer text = Answer.text(status, sentence);
    return isQuery
        ? text.with(Answer.INDEX, "1")
            .with(Answer.KNOWN_LEADER, "false")
            .with(Answer.LAST_CONTACT, "0")
        : text;
  }

  @Override
  public @Nullable String getMessage() {
    return status + ": " + sentence;
  }
}
