package dev.rollcall.testkit.soak;

/** What is checked, in the order of the report. */
enum Check {
  ORDER("order", "deliveries and look-ups"),
  DIFFERENCES("exact differences", "changes"),
  CONVERGENCE("convergence", "comparisons with the store"),
  ZOMBIES("no zombies", "departures confirmed"),
  MISSING("nobody missing", "registrations looked for"),
  INVENTED("nothing invented", "entries recognised"),
  FRESHNESS("honest freshness", "views looked at"),
  EXPIRY("expiry in time", "dead owners"),
  FENCING("fencing", "take-overs"),
  CALLS("calls end, typed", "calls"),
  RESOURCES("resources flat", "measurements");

  final String title;

  /** What is counted. */
  final String unit;

  Check(String title, String unit) {
    this.title = title;
    this.unit = unit;
  }
}
