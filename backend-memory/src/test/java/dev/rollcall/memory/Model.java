package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.TICK;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the store should do, in the most naive way: time is a counter, and everything is a scan. */
final class Model {
  private final TreeMap<InstanceKey, Row> rows = new TreeMap<>();
  private final Map<String, Long> farewells = new HashMap<>();
  private final List<String> ends = new ArrayList<>();
  private Duration now = Duration.ZERO;

  /** What the store has of one instance. */
  static final class Row {
    private ServiceInstance instance;
    private Owner owner;
    private Liveness liveness;
    private Duration deadline;
    private Duration removeAt;
    private boolean over;

    private ServiceInstance shown() {
      return over ? instance.withHealth(Health.CRITICAL) : instance;
    }
  }

  /**
   * Returns the row of the lease that the store should grant, or nothing where it should refuse.
   */
  Optional<Row> register(RegisterRequest request) {
    InstanceKey key = request.instance().key();
    Owner owner = request.owner();
    Row row = rows.get(key);
    if (farewells.getOrDefault(key + owner.id(), 0L) >= owner.epoch()) {
      return Optional.empty();
    }
    if (row != null && row.owner.id().equals(owner.id())) {
      if (owner.epoch() < row.owner.epoch()) {
        return Optional.empty();
      }
    } else if (row != null) {
      if (request.claim() == Claim.CONTINUE || (request.claim() == Claim.EXCLUSIVE && !row.over)) {
        return Optional.empty();
      }
      end(row, LeaseEnd.SUPERSEDED);
      row.over = true;
      row = null;
    }
    if (row == null) {
      row = new Row();
      rows.put(key, row);
    }
    row.instance = request.instance();
    row.owner = owner;
    row.liveness = request.liveness();
    row.over = false;
    row.removeAt = null;
    renewed(row);
    return Optional.of(row);
  }

  boolean renew(Row row) {
    if (row.over || rows.get(row.instance.key()) != row) {
      return false;
    }
    renewed(row);
    return true;
  }

  void deregister(InstanceKey key, Owner owner) {
    Row row = rows.get(key);
    boolean theirs = row != null && owner.names(row.owner.id());
    if (!owner.id().isEmpty()) {
      long epoch = theirs ? Math.max(owner.epoch(), row.owner.epoch()) : owner.epoch();
      farewells.merge(key + owner.id(), epoch, Math::max);
    }
    if (theirs) {
      if (owner.id().isEmpty()) {
        end(row, LeaseEnd.REMOVED);
      }
      rows.remove(key);
    }
  }

  void tick() {
    now = now.plus(TICK);
    for (Row row : List.copyOf(rows.values())) {
      if (!row.over && row.deadline != null && row.deadline.compareTo(now) <= 0) {
        end(row, LeaseEnd.EXPIRED);
        row.over = true;
        row.removeAt = now.plus(row.liveness.deregisterAfter());
        if (row.liveness.deregisterAfter().isZero()) {
          rows.remove(row.instance.key());
        }
      } else if (row.over && row.removeAt.compareTo(now) <= 0) {
        rows.remove(row.instance.key());
      }
    }
  }

  List<ServiceInstance> instances() {
    return rows.values().stream().map(Row::shown).toList();
  }

  /** Returns who was told what so far, sorted. */
  List<String> ends() {
    return ends.stream().sorted().toList();
  }

  private void renewed(Row row) {
    row.deadline =
        row.liveness instanceof Liveness.Heartbeat heartbeat ? now.plus(heartbeat.ttl()) : null;
  }

  private void end(Row row, LeaseEnd end) {
    if (!row.over) {
      ends.add(row.instance.key() + " " + row.owner.id() + " " + end);
    }
  }
}
