package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A session as a client has asked for it.
 *
 * @param node the node that must be there for as long as the session lives
 * @param lockDelay how long no session may acquire what it held when it ended
 * @param deletes whether what it held is then deleted, and not just released
 * @param ttl as it was given; empty where the session needs no renewal
 * @param lease the same as a duration; zero for none
 * @param nodeChecks checks on the node that must not be critical
 * @param serviceChecks the same of its services; null where none were given
 * @param index of its creation
 */
record Session(
    String id,
    String name,
    String node,
    Duration lockDelay,
    boolean deletes,
    String ttl,
    Duration lease,
    List<String> nodeChecks,
    @Nullable List<String> serviceChecks,
    long index) {
  private static final Duration MIN_TTL = Duration.ofSeconds(10);
  private static final Duration LONGEST_TTL = Duration.ofDays(1);
  private static final Duration USUAL_DELAY = Duration.ofSeconds(15);
  private static final int MAX_CHECKS = 64;

  /** Below this, a number is one of seconds and not of nanoseconds, as Consul has it. */
  private static final long MIN_NANOS = 1_000;

  /** Reads what {@code session/create} asks for; without checks and index. */
  static Session of(Fields fields, String id, String self) {
    Duration lockDelay = fields.has("LockDelay") ? fields.duration("LockDelay") : USUAL_DELAY;
    if (lockDelay.isNegative()) {
      throw RefusedException.bad("LockDelay: (expected: 0s or more)");
    }
    if (fields.isNumber("LockDelay") && lockDelay.toNanos() < MIN_NANOS) {
      lockDelay = Duration.ofSeconds(lockDelay.toNanos());
    }
    String behavior = fields.text("Behavior");
    if (!behavior.isEmpty() && !behavior.equals("release") && !behavior.equals("delete")) {
      throw RefusedException.failed("Invalid Behavior setting '" + Fields.shown(behavior) + "'");
    }
    String ttl = fields.text("TTL");
    String node = fields.text("Node");
    List<String> nodeChecks =
        fields.has("NodeChecks") || fields.has("Checks")
            ? new ArrayList<>(fields.texts("NodeChecks"))
            : new ArrayList<>(List.of("serfHealth"));
    nodeChecks.addAll(fields.texts("Checks"));
    List<String> serviceChecks =
        fields.has("ServiceChecks")
            ? fields.objects("ServiceChecks").stream().map(check -> check.text("ID")).toList()
            : null;
    if (nodeChecks.size() + (serviceChecks == null ? 0 : serviceChecks.size()) > MAX_CHECKS) {
      throw RefusedException.bad(
          "NodeChecks, ServiceChecks: (expected: at most " + MAX_CHECKS + ")");
    }
    return new Session(
        id,
        fields.text("Name"),
        node.isEmpty() ? self : node,
        lockDelay,
        behavior.equals("delete"),
        ttl,
        lease(ttl),
        List.copyOf(nodeChecks),
        serviceChecks,
        0);
  }

  private static Duration lease(String ttl) {
    if (ttl.isEmpty()) {
      return Duration.ZERO;
    }
    Optional<Duration> read = GoDuration.parse(ttl);
    if (read.isEmpty()) {
      String shown = Fields.shown(ttl);
      throw RefusedException.failed(
          "Session TTL '" + shown + "' invalid: time: invalid duration \"" + shown + "\"");
    }
    Duration lease = read.get();
    if (!lease.isZero() && (lease.compareTo(MIN_TTL) < 0 || lease.compareTo(LONGEST_TTL) > 0)) {
      throw RefusedException.failed(
          "Invalid Session TTL '" + lease.toNanos() + "', must be between [10s=24h0m0s]");
    }
    return lease;
  }

  Session at(long created) {
    return new Session(
        id, name, node, lockDelay, deletes, ttl, lease, nodeChecks, serviceChecks, created);
  }

  /** Returns the IDs of all checks that it needs. */
  List<String> checks() {
    List<String> all = new ArrayList<>(nodeChecks);
    if (serviceChecks != null) {
      all.addAll(serviceChecks);
    }
    return all;
  }

  void write(JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("ID", id);
    to.writeStringField("Name", name);
    to.writeStringField("Node", node);
    to.writeNumberField("LockDelay", lockDelay.toNanos());
    to.writeStringField("Behavior", deletes ? "delete" : "release");
    to.writeStringField("TTL", ttl);
    ConsulJsonWriter.texts(to, "NodeChecks", nodeChecks);
    if (serviceChecks == null) {
      to.writeNullField("ServiceChecks");
    } else {
      to.writeArrayFieldStart("ServiceChecks");
      for (String check : serviceChecks) {
        to.writeStartObject();
        to.writeStringField("ID", check);
        to.writeStringField("Namespace", "");
        to.writeEndObject();
      }
      to.writeEndArray();
    }
    to.writeNumberField("CreateIndex", index);
    to.writeNumberField("ModifyIndex", index);
    to.writeEndObject();
  }
}
