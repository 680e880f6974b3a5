package dev.rollcall.bench;

/** What is known of a row and its goal. */
enum Verdict {
  /** All that it may be is within the goal. */
  MET("met"),
  /** All that it may be is beyond the goal. */
  MISSED("MISSED"),
  /** The goal is within what it may be, or nobody knows what it may be. */
  UNDECIDED("undecided"),
  /** It was not measured. */
  NOT_RUN("not run");

  final String text;

  Verdict(String text) {
    this.text = text;
  }
}
