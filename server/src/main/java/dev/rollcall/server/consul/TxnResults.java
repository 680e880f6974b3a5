package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a transaction's operations have brought: results, or why it was not done. Of one thread. */
final class TxnResults {
  private final List<Json.Output> results = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();

  private record Failure(int operation, String why) {}

  /** Adds what an operation has brought, with its kind. */
  void add(String kind, Json.Output result) {
    results.add(
        to -> {
          to.writeStartObject();
          to.writeFieldName(kind);
          result.write(to);
          to.writeEndObject();
        });
  }

  /** Notes why an operation cannot be done. */
  void fail(int operation, String why) {
    failures.add(new Failure(operation, why));
  }

  boolean isFailed() {
    return !failures.isEmpty();
  }

  /** Returns the answer to a transaction that changes something. */
  Answer answer(boolean pretty) {
    return answer(
        pretty,
        to -> {
          to.writeStartObject();
          write(to);
          to.writeEndObject();
        });
  }

  /**
   * Returns the answer to one that only reads.
   *
   * @param age how old what was read may be; zero where the store is heard
   */
  Answer answer(boolean pretty, Duration age) {
    String heard = Boolean.toString(age.isZero());
    String lastContact = Long.toString(age.toMillis());
    return answer(
            pretty,
            to -> {
              to.writeStartObject();
              write(to);
              to.writeNumberField("Index", 0);
              to.writeNumberField("LastContact", age.toNanos());
              to.writeBooleanField("KnownLeader", age.isZero());
              to.writeStringField("ConsistencyLevel", "");
              to.writeEndObject();
            })
        .with(Answer.KNOWN_LEADER, heard)
        .with(Answer.LAST_CONTACT, lastContact);
  }

  private Answer answer(boolean pretty, Json.Output body) {
    return Answer.json(isFailed() ? 409 : 200, Json.bytes(pretty, body));
  }

  private void write(JsonGenerator to) throws IOException {
    if (isFailed()) {
      to.writeNullField("Results");
      to.writeArrayFieldStart("Errors");
      for (Failure failure : failures) {
        to.writeStartObject();
        to.writeNumberField("OpIndex", failure.operation());
        to.writeStringField("What", failure.why());
        to.writeEndObject();
      }
      to.writeEndArray();
    } else {
      to.writeArrayFieldStart("Results");
      for (Json.Output result : results) {
        result.write(to);
      }
      to.writeEndArray();
      to.writeNullField("Errors");
    }
  }
}
