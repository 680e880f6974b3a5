package dev.rollcall.server.consul;

import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.server.outbound.GuardedChecker;
import dev.rollcall.spi.Timer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was registered with this centre as with an agent: services, and checks that it is told of
 * (TTL), runs (HTTP, TCP, gRPC), or has follow others (alias). Each change goes into the {@link
 * CatalogIndex} within the same call.
 *
 * <p><b>Guards.</b> {@code lock} guards everything; it is taken before the catalog's lock, never
 * the other way round. Requests come on event loops, results of checks on the checker's threads,
 * ticks on the timer's: each holds the lock for a few look-ups and puts, and for nothing that
 * blocks.
 *
 * <p><b>Time.</b> One tick looks at the TTLs that are due: a heartbeat only moves its check's
 * deadline, and the queue is put right when the old one has come. Twice a second the critical are
 * looked through for those to be deregistered.
 */
final class LocalAgent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalAgent.class);
  private static final int TICKS_A_REAP = 10;
  private static final int LONGEST_OUTPUT = 4 * 1024;
  private static final String SERVICE_MAINTENANCE = "_service_maintenance:";
  private static final String NODE_MAINTENANCE = "_node_maintenance";
  private static final String MAINTENANCE = "maintenance";

  private final CatalogNode self;
  private final CatalogIndex catalog;
  private final GuardedChecker checker;
  private final Timer timer;
  private final Changes changes;
  private final Aliases aliases;

  private final Object lock = new Object();
  // All guarded by "lock".
  private final TreeMap<String, CatalogService> services = new TreeMap<>();
  private final TreeMap<String, LocalCheck> checks = new TreeMap<>();
  private final Map<String, Set<String>> checksOf = new HashMap<>();
  private final PriorityQueue<Due> due = new PriorityQueue<>();
  private final CreditedTime time;
  private boolean ticking;
  private boolean closed;
  private int ticks;

  private record Due(long atNanos, LocalCheck check) implements Comparable<Due> {
    @Override
    public int compareTo(Due other) {
      return Long.compare(atNanos, other.atNanos);
    }
  }

  LocalAgent(
      CatalogNode self,
      CatalogIndex catalog,
      GuardedChecker checker,
      Timer timer,
      Changes changes) {
    this.self = self;
    this.changes = changes;
    this.catalog = catalog;
    this.checker = checker;
    this.timer = timer;
    time = new CreditedTime(timer);
    aliases = new Aliases(timer, this::follow);
    catalog.onChange(aliases::changed);
  }

  CatalogNode self() {
    return self;
  }

  /**
   * Puts a service with its checks. Checks that are there keep their status; others of the service
   * stay, unless the definition is to replace them.
   *
   * @param room counts what a check sends, until the check goes
   * @throws RefusedException where a check will never be called; then nothing has changed
   */
  void register(
      ServiceDefinition definition,
      boolean replaceChecks,
      Function<CheckDefinition, MemoryBudget.Hold> room) {
    for (int i = 0; i < definition.checks().size(); i++) {
      admit(definition.checks().get(i), definition.checkId(i));
    }
    CatalogService service = definition.service();
    InetAddress registrant = checker.registrant();
    synchronized (lock) {
      Set<String> before = Set.copyOf(checksOf.getOrDefault(service.id(), Set.of()));
      Set<String> all = new TreeSet<>(replaceChecks ? Set.of() : before);
      for (int i = 0; i < definition.checks().size(); i++) {
        all.add(definition.checkId(i));
      }
      CatalogCheck.requireRoom(all);
      services.put(service.id(), service);
      Set<String> kept = new TreeSet<>();
      for (int i = 0; i < definition.checks().size(); i++) {
        CheckDefinition check = definition.checks().get(i);
        String id = definition.checkId(i);
        String name =
            check.name().isEmpty() ? "Service '" + service.name() + "' check" : check.name();
        put(check, id, name, service, registrant, room);
        kept.add(id);
      }
      List<String> removed = new ArrayList<>();
      for (String id : before) {
        if (!kept.contains(id)) {
          if (replaceChecks && !id.startsWith(SERVICE_MAINTENANCE)) {
            drop(id);
            removed.add(id);
          } else {
            LocalCheck check = checks.get(id);
            if (check != null) {
              check.shown = renamed(check.shown, service);
              kept.add(id);
            }
          }
        }
      }
      catalog.write(
          to -> {
            removed.forEach(id -> to.removeCheck(self.name(), id));
            to.putService(service);
            kept.forEach(id -> to.putCheck(shown(id)));
          });
      changed(service.id());
    }
  }

  private void changed(String serviceId) {
    changes.registered(new InstanceId(self.name(), serviceId), Changes.By.AGENT);
  }

  private void admit(CheckDefinition check, String id) {
    if (check.probe() != null) {
      try {
        checker.admit(check.probe());
      } catch (RegistryException never) {
        throw RefusedException.bad(
            "Invalid check: " + never.getMessage() + " (check " + Fields.shown(id) + ")");
      }
    }
  }

  private CatalogCheck shown(String id) {
    LocalCheck check = checks.get(id);
    if (check == null) {
      throw new IllegalStateException(id);
    }
    return check.shown;
  }

  private static CatalogCheck renamed(CatalogCheck check, CatalogService service) {
    return new CatalogCheck(
        check.node(),
        check.id(),
        check.name(),
        check.status(),
        check.notes(),
        check.output(),
        service.id(),
        service.name(),
        service.tags(),
        check.type(),
        0,
        0);
  }

  /** Removes a service with its checks; one that is not there is fine. */
  void deregister(String id) {
    synchronized (lock) {
      if (services.remove(id) == null) {
        return;
      }
      for (String check : Set.copyOf(checksOf.getOrDefault(id, Set.of()))) {
        drop(check);
      }
      catalog.write(to -> to.removeService(self.name(), id));
      changed(id);
    }
  }

  /** Returns what a service will weigh with all its checks once it is registered. */
  long weigh(ServiceDefinition definition, boolean replaceChecks) {
    CatalogService service = definition.service();
    Set<String> given = new HashSet<>();
    long weight = Weight.of(service);
    for (int i = 0; i < definition.checks().size(); i++) {
      CheckDefinition check = definition.checks().get(i);
      given.add(definition.checkId(i));
      weight += Weight.shown(check) + Weight.asked(check) + Weight.texts(service.tags());
    }
    List<CatalogCheck> kept = new ArrayList<>();
    synchronized (lock) {
      for (String id : checksOf.getOrDefault(service.id(), Set.of())) {
        if (!given.contains(id) && (!replaceChecks || id.startsWith(SERVICE_MAINTENANCE))) {
          kept.add(shown(id));
        }
      }
    }
    return weight + Weight.checks(kept, service.tags());
  }

  /** Returns by how much a service, or the node where the ID is empty, grows with a check. */
  long weigh(CheckDefinition check, String serviceId) {
    return Weight.shown(check)
        + Weight.asked(check)
        + service(serviceId).map(service -> Weight.texts(service.tags())).orElse(0L);
  }

  /** Returns by how much a check grows with another output. */
  long weighOutput(String id, String output) {
    synchronized (lock) {
      LocalCheck check = checks.get(id);
      return check == null ? 0 : Weight.text(shortened(output)) - Weight.text(check.shown.output());
    }
  }

  /** Puts a check of the node, or of a service that is there. */
  void registerCheck(
      CheckDefinition definition,
      String serviceId,
      Function<CheckDefinition, MemoryBudget.Hold> room) {
    admit(definition, definition.idOrName());
    synchronized (lock) {
      CatalogService service = null;
      if (!serviceId.isEmpty()) {
        service = services.get(serviceId);
        if (service == null) {
          throw RefusedException.failed(
              "ServiceID \"" + Fields.shown(serviceId) + "\" does not exist");
        }
      }
      String id = definition.idOrName();
      Set<String> all = new TreeSet<>(checksOf.getOrDefault(serviceId, Set.of()));
      all.add(id);
      CatalogCheck.requireRoom(all);
      put(definition, id, definition.name(), service, checker.registrant(), room);
      catalog.write(to -> to.putCheck(shown(id)));
      changed(serviceId);
    }
  }

  /** Removes a check; one that is not there is fine. */
  void deregisterCheck(String id) {
    synchronized (lock) {
      LocalCheck check = checks.get(id);
      if (check != null) {
        drop(id);
        catalog.write(to -> to.removeCheck(self.name(), id));
        changed(check.shown.serviceId());
      }
    }
  }

  /** Takes a heartbeat; returns whether it has changed the status. */
  boolean beat(String id, String status, String output) {
    synchronized (lock) {
      LocalCheck check = checks.get(id);
      if (check == null || !check.isTtl()) {
        throw RefusedException.failed(
            "CheckID \"" + Fields.shown(id) + "\" does not have associated TTL");
      }
      boolean isNews = !check.shown.status().equals(status);
      check.deadlineNanos = time.nanos() + check.definition().ttl().toNanos();
      check.expiresMillis = System.currentTimeMillis() + check.definition().ttl().toMillis();
      state(check, status, shortened(output));
      arm(check);
      changes.heartbeat(id);
      return isNews;
    }
  }

  private static String shortened(String output) {
    return output.length() > LONGEST_OUTPUT ? output.substring(0, LONGEST_OUTPUT) : output;
  }

  /** Begins or ends the maintenance of a service. */
  void maintainService(String id, boolean enable, String reason) {
    synchronized (lock) {
      CatalogService service = services.get(id);
      if (service == null) {
        throw new RefusedException(
            404, "No service registered with ID \"" + Fields.shown(id) + "\"");
      }
      maintain(
          SERVICE_MAINTENANCE + id,
          "Service Maintenance Mode",
          reason.isEmpty() ? defaultReason("service") : reason,
          enable,
          service);
    }
  }

  /** Begins or ends the maintenance of all that is registered here. */
  void maintainNode(boolean enable, String reason) {
    synchronized (lock) {
      maintain(
          NODE_MAINTENANCE,
          "Node Maintenance Mode",
          reason.isEmpty() ? defaultReason("node") : reason,
          enable,
          null);
    }
  }

  private static String defaultReason(String what) {
    return "Maintenance mode is enabled for this "
        + what
        + ", but no reason was provided. This is a default message.";
  }

  private void maintain(
      String id, String name, String reason, boolean enable, @Nullable CatalogService service) {
    if (!enable) {
      deregisterCheck(id);
      return;
    }
    if (checks.containsKey(id)) {
      return;
    }
    put(
        CheckDefinition.maintenance(id, name, reason),
        id,
        name,
        service,
        MAINTENANCE,
        checker.registrant());
    catalog.write(to -> to.putCheck(shown(id)));
    changed(service == null ? "" : service.id());
  }

  /** Returns what is to be kept of a service, or of the node where the ID is empty. */
  @Nullable AgentEntry entry(String serviceId) {
    synchronized (lock) {
      CatalogService service = services.get(serviceId);
      Set<String> ids = checksOf.getOrDefault(serviceId, Set.of());
      if (service == null && (!serviceId.isEmpty() || ids.isEmpty())) {
        return null;
      }
      List<AgentEntry.Check> kept = new ArrayList<>();
      for (String id : ids) {
        LocalCheck check = checks.get(id);
        if (check != null) {
          kept.add(
              new AgentEntry.Check(
                  check.definition(),
                  id,
                  check.shown.name(),
                  check.shown.type().equals(MAINTENANCE),
                  check.registrant));
        }
      }
      return new AgentEntry(service, kept);
    }
  }

  /** Returns what is to be kept of a TTL check's heartbeats; null where nothing is. */
  AgentEntry.@Nullable Heartbeat heartbeat(String checkId) {
    synchronized (lock) {
      LocalCheck check = checks.get(checkId);
      return check == null || check.expiresMillis == 0
          ? null
          : new AgentEntry.Heartbeat(
              check.shown.status(), check.shown.output(), check.expiresMillis);
    }
  }

  /** Puts back what an earlier process has kept: its checks are critical, as with an agent. */
  void restore(AgentEntry entry) {
    synchronized (lock) {
      CatalogService service = entry.service();
      if (service != null) {
        services.put(service.id(), service);
      }
      for (AgentEntry.Check check : entry.checks()) {
        String type = check.isMaintenance() ? MAINTENANCE : check.definition().type();
        put(check.definition(), check.id(), check.name(), service, type, check.registrant());
      }
      catalog.write(
          to -> {
            if (service != null) {
              to.putService(service);
            }
            entry.checks().forEach(check -> to.putCheck(shown(check.id())));
          });
    }
  }

  /** Believes a heartbeat of an earlier time that still counts; returns whether it does. */
  boolean restore(String checkId, AgentEntry.Heartbeat last, long nowMillis) {
    synchronized (lock) {
      LocalCheck check = checks.get(checkId);
      long left = last.expiresMillis() - nowMillis;
      if (check == null
          || !check.isTtl()
          || left <= 0
          || left > check.definition().ttl().toMillis()) {
        return false;
      }
      check.expiresMillis = last.expiresMillis();
      state(check, last.status(), last.output());
      return true;
    }
  }

  /** Returns the services by ID. */
  Map<String, CatalogService> services() {
    synchronized (lock) {
      return new TreeMap<>(services);
    }
  }

  Optional<CatalogService> service(String id) {
    synchronized (lock) {
      return Optional.ofNullable(services.get(id));
    }
  }

  /** Returns the name of the service that a check belongs to, which is empty for the node's. */
  Optional<String> serviceOfCheck(String checkId) {
    synchronized (lock) {
      return Optional.ofNullable(checks.get(checkId)).map(check -> check.shown.serviceName());
    }
  }

  /** Returns the ID of the service that a check belongs to; empty for the node's, and for none. */
  String serviceIdOfCheck(String checkId) {
    synchronized (lock) {
      LocalCheck check = checks.get(checkId);
      return check == null ? "" : check.shown.serviceId();
    }
  }

  /** Returns the checks by ID. */
  Map<String, CatalogCheck> checks() {
    synchronized (lock) {
      Map<String, CatalogCheck> shown = new TreeMap<>();
      checks.forEach((id, check) -> shown.put(id, check.shown));
      return shown;
    }
  }

  /** Returns the checks of a service, and those of the node. */
  List<CatalogCheck> checksOn(String serviceId) {
    synchronized (lock) {
      List<CatalogCheck> on = new ArrayList<>();
      checks.values().stream()
          .map(check -> check.shown)
          .filter(check -> check.serviceId().isEmpty() || check.serviceId().equals(serviceId))
          .forEach(on::add);
      return on;
    }
  }

  private void put(
      CheckDefinition definition,
      String id,
      String name,
      @Nullable CatalogService service,
      InetAddress registrant,
      Function<CheckDefinition, MemoryBudget.Hold> room) {
    put(definition, id, name, service, definition.type(), registrant);
    LocalCheck check = checks.get(id);
    if (check != null) {
      check.asked = room.apply(definition);
    }
  }

  private void put(
      CheckDefinition definition,
      String id,
      String name,
      @Nullable CatalogService service,
      String type,
      InetAddress registrant) {
    LocalCheck before = checks.get(id);
    String status = definition.status().isEmpty() ? CatalogCheck.CRITICAL : definition.status();
    String output = "";
    if (before != null) {
      status = before.shown.status();
      output = before.shown.output();
      drop(id);
    }
    CatalogCheck shown =
        new CatalogCheck(
            self.name(),
            id,
            name,
            status,
            definition.notes(),
            output,
            service == null ? "" : service.id(),
            service == null ? "" : service.name(),
            service == null ? List.of() : service.tags(),
            type,
            0,
            0);
    LocalCheck check = new LocalCheck(definition, shown, registrant, time.nanos());
    if (before != null && before.isCritical()) {
      check.criticalSinceNanos = before.criticalSinceNanos;
    }
    if (before != null && check.isTtl()) {
      check.expiresMillis = before.expiresMillis;
    }
    if (before != null && !before.shown.serviceId().equals(shown.serviceId())) {
      changed(before.shown.serviceId());
    }
    checks.put(id, check);
    checksOf.computeIfAbsent(shown.serviceId(), of -> new TreeSet<>()).add(id);
    arm(check);
    if (definition.alias() != null) {
      aliases.add(id, definition.alias().followed(self.name()));
    }
    if (definition.probe() != null) {
      Consumer<Health> onResult = health -> probed(check, health);
      check.running = checker.start(definition.probe(), definition.request(), registrant, onResult);
    }
    if (definition.ttl().isZero() && definition.reapAfter().isZero()) {
      return;
    }
    keepTicking();
  }

  private void drop(String id) {
    LocalCheck check = checks.remove(id);
    if (check == null) {
      return;
    }
    check.stop();
    if (check.definition().alias() != null) {
      aliases.remove(id, check.definition().alias().followed(self.name()));
    }
    if (check.isTtl()) {
      changes.heartbeat(id); // if it does not come back, that is forgotten too
    }
    Set<String> of = checksOf.get(check.shown.serviceId());
    if (of != null) {
      of.remove(id);
      if (of.isEmpty()) {
        checksOf.remove(check.shown.serviceId());
      }
    }
  }

  /** Has a TTL looked at when it runs out; once is enough, however often it is renewed. */
  private void arm(LocalCheck check) {
    if (check.isTtl() && !check.isArmed) {
      check.isArmed = true;
      due.add(new Due(check.deadlineNanos, check));
    }
  }

  private void probed(LocalCheck check, Health health) {
    synchronized (lock) {
      if (checks.get(check.shown.id()) != check) {
        return;
      }
      Health believed = check.believed(health);
      if (believed != null) {
        state(check, status(believed), check.definition().outputOf(health));
      }
    }
  }

  /** Looks at checks that follow others. */
  private void follow(Set<String> ids) {
    for (String id : ids) {
      synchronized (lock) {
        LocalCheck check = checks.get(id);
        CheckAlias alias = check == null ? null : check.definition().alias();
        if (check != null && alias != null && !closed) {
          CheckAlias.Said said = catalog.look(view -> alias.look(view, check.shown));
          state(check, said.status(), shortened(said.output()));
        }
      }
    }
  }

  private void state(LocalCheck check, String status, String output) {
    CatalogCheck before = check.shown;
    if (before.status().equals(status) && before.output().equals(output)) {
      return;
    }
    CatalogCheck after = before.with(status, output);
    check.shown = after;
    if (before.status().equals(status)) {
      catalog.write(to -> to.refreshCheck(after));
      if (check.definition().alias() == null) { // else two that follow each other would not rest
        aliases.changed(Set.of(new InstanceId(self.name(), after.serviceId())));
      }
      return;
    }
    if (check.isCritical()) {
      check.criticalSinceNanos = time.nanos();
    }
    catalog.write(to -> to.putCheck(after));
  }

  static String status(Health health) {
    return switch (health) {
      case PASSING -> CatalogCheck.PASSING;
      case WARNING -> CatalogCheck.WARNING;
      case CRITICAL -> CatalogCheck.CRITICAL;
    };
  }

  private void keepTicking() {
    if (!ticking && !closed) {
      ticking = true;
      time.ordered();
      timer.schedule(this::tick, CreditedTime.TICK);
    }
  }

  private void tick() {
    List<String> dead = new ArrayList<>();
    synchronized (lock) {
      ticking = false;
      if (closed) {
        return;
      }
      time.ticked();
      long now = time.nanos();
      expire(now);
      if (++ticks % TICKS_A_REAP == 0) {
        for (LocalCheck check : checks.values()) {
          Duration after = check.definition().reapAfter();
          if (!after.isZero()
              && check.isCritical()
              && !check.shown.serviceId().isEmpty()
              && now - check.criticalSinceNanos > after.toNanos()) {
            dead.add(check.shown.serviceId());
          }
        }
      }
      if (!due.isEmpty()
          || checks.values().stream().anyMatch(c -> !c.definition().reapAfter().isZero())) {
        keepTicking();
      }
    }
    for (String id : dead) {
      LOG.info("deregistering service {}, critical for too long", Fields.shown(id));
      deregister(id);
    }
  }

  private void expire(long now) {
    for (Due next = due.peek(); next != null && next.atNanos() <= now; next = due.peek()) {
      due.remove();
      LocalCheck check = next.check();
      check.isArmed = false;
      if (checks.get(check.shown.id()) != check) {
        continue;
      }
      if (check.deadlineNanos > now) {
        arm(check);
      } else {
        String last = check.shown.output();
        state(
            check,
            CatalogCheck.CRITICAL,
            check.isCritical() || last.isEmpty()
                ? "TTL expired"
                : "TTL expired (last output before timeout follows): " + last);
      }
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      checks.values().forEach(LocalCheck::stop);
    }
    checker.close();
  }
}
