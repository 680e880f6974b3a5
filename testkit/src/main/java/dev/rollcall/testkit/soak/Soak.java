package dev.rollcall.testkit.soak;

import static java.util.Objects.requireNonNull;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.support.BackendProviders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A soak of a store: four clients register, update, leave, take over from each other, crash, watch,
 * and write keys, while their lines and the store break. After each round of some seconds all is
 * healed, and what the store holds is compared with what was asked of it and with what every view
 * and listener shows. Not thread-safe; {@link #run} is for one call.
 *
 * <pre>{@code
 * SoakReport report = Soak.on("etcd://127.0.0.1:2379").seed(7).lasting(Duration.ofMinutes(20)).run();
 * report.lines().forEach(System.out::println);
 * }</pre>
 *
 * <p>The same seed gives the same operations and faults in the same order; what they meet depends
 * on the machine. Services and keys have names of their own, and are taken out in the end.
 *
 * <p>With {@code etcd:} and {@code consul:} each client has proxies of its own before the servers,
 * and the store is read by its own HTTP API. For any other scheme, TLS included, the lines are
 * broken within the process, and the store is read by a snapshot of its backend.
 *
 * @since 0.1.0
 */
public final class Soak {
  private static final Duration ROUND = Duration.ofSeconds(12);
  private static final int STEP_MILLIS = 20;
  private static final int FAULTS_A_ROUND = 4;

  private final String uri;
  private final Optional<Environment> given;
  private long seed = ThreadLocalRandom.current().nextLong(1, 1_000_000_000);
  private Duration length = Duration.ofMinutes(1);
  private Duration ttl = Duration.ofSeconds(5);
  private Duration patience = Duration.ofMinutes(2);
  private Duration round = ROUND;
  private int least = 1;
  private Duration grace = Duration.ofSeconds(5);
  private final List<SoakFault> storeFaults = new ArrayList<>();
  private Consumer<String> progress = line -> {};

  private Soak(String uri, Optional<Environment> given) {
    this.uri = uri;
    this.given = given;
  }

  /**
   * Starts the settings of a soak.
   *
   * @param uri the store; {@code memory:} without a name is given one, and no guard against mass
   *     expiry
   * @return what is to be set, then run
   */
  public static Soak on(String uri) {
    return new Soak(requireNonNull(uri, "uri"), Optional.empty());
  }

  /** Starts the settings of a soak of stores that have no URI. */
  static Soak in(Environment environment) {
    return new Soak("", Optional.of(environment));
  }

  /**
   * Sets what operations and faults are drawn from; a random one without this call.
   *
   * @param seed any number
   * @return this
   */
  public Soak seed(long seed) {
    this.seed = seed;
    return this;
  }

  /**
   * Sets for how long new rounds begin; 1 minute without this call. There is one at least; the last
   * one is finished, which may take two minutes more where something does not come right.
   *
   * @param length 1 s to 30 days
   * @return this
   * @throws RegistryException of kind {@code INVALID} where it is outside its range
   */
  public Soak lasting(Duration length) {
    if (length.compareTo(Duration.ofSeconds(1)) < 0 || length.compareTo(Duration.ofDays(30)) > 0) {
      throw RegistryException.invalid("length: " + length + " (expected: 1 s to 30 days)");
    }
    this.length = length;
    return this;
  }

  /**
   * Adds something that can happen to the store itself.
   *
   * @param fault what
   * @return this
   */
  public Soak fault(SoakFault fault) {
    storeFaults.add(requireNonNull(fault, "fault"));
    return this;
  }

  /**
   * Sets who is told how it goes, a line a round.
   *
   * @param progress called on the thread that runs the soak
   * @return this
   */
  public Soak progress(Consumer<String> progress) {
    this.progress = requireNonNull(progress, "progress");
    return this;
  }

  /** Sets the TTL of what is registered with a heartbeat: 5 s without this call. */
  Soak ttl(Duration heartbeats) {
    ttl = heartbeats;
    return this;
  }

  /** Sets how long all may take to come right after a round: 2 minutes without this call. */
  Soak patience(Duration most) {
    patience = most;
    return this;
  }

  /** Sets how many rounds there are at least, however slow the machine: 1 without this call. */
  Soak rounds(int rounds) {
    least = rounds;
    return this;
  }

  /** Sets how long operations go on until all is compared: 12 s without this call. */
  Soak round(Duration operations) {
    round = operations;
    return this;
  }

  /** Sets what a busy machine may take on top of every bound: 5 s without this call. */
  Soak grace(Duration more) {
    grace = more;
    return this;
  }

  /**
   * Returns what operations and faults are drawn from.
   *
   * @return the seed
   */
  public long seed() {
    return seed;
  }

  /**
   * Runs the soak. Blocks for its length and some seconds.
   *
   * @return what it has done and found
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, {@code
   *     UNAVAILABLE} where the store does not answer before the first fault
   */
  public SoakReport run() {
    Environment environment = given.orElseGet(this::environment);
    try {
      return new Run(environment).all();
    } finally {
      environment.truth().close();
    }
  }

  private Environment environment() {
    BackendUri parsed = BackendUri.parse(uri);
    boolean alone = parsed.scheme().equals("memory") && parsed.path().isEmpty();
    String shared =
        alone
            ? "memory:soak-"
                + Long.toHexString(System.nanoTime())
                + (parsed.option("guard").isEmpty()
                    ? "?guard=off"
                    : uri.substring("memory:".length()))
            : uri;
    // Refuses a URI that the backend does not know before anything is started.
    Truth first = new SnapshotTruth(shared);
    Truth truth = first;
    if (EtcdTruth.reads(parsed)) {
      truth = EtcdTruth.of(parsed);
    } else if (ConsulTruth.reads(parsed)) {
      truth = ConsulTruth.of(parsed);
    }
    if (truth != first) {
      first.close();
    }
    boolean wire = ProxyLine.reaches(parsed);
    return new Environment(
        parsed.toString(),
        () -> wire ? new ProxyLine(shared) : flaky(shared),
        () -> flaky(shared),
        truth,
        storeFaults,
        !parsed.scheme().startsWith("consul"),
        UnaryOperator.identity());
  }

  private static Line flaky(String uri) {
    return new FlakyLine(
        timer -> BackendProviders.open(uri, timer), timer -> SnapshotTruth.keys(uri, timer));
  }

  /** One run: its state is the thread's that runs it, but for what says otherwise. */
  private final class Run {
    private final Environment environment;
    private final Ledger ledger;
    private final Names names = new Names(seed);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final Troubles troubles;
    private final Resources resources = new Resources();
    private final ExecutorService hands =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "soak-hand");
              thread.setDaemon(true);
              return thread;
            });
    private final long start = System.nanoTime();
    private final Workload workload;
    private final Watchdog watchdog;
    private long step;
    private int rounds;
    private double worstMillis;

    Run(Environment environment) {
      this.environment = environment;
      ledger = new Ledger(environment.atomic());
      troubles = new Troubles(ledger);
      workload = new Workload(environment, ledger, names, random.split(), troubles, ttl, hands);
      watchdog = new Watchdog(environment, ledger, names, workload, troubles, grace);
    }

    SoakReport all() {
      Thread watching = new Thread(watchdog, "soak-watchdog");
      watching.setDaemon(true);
      try {
        workload.begin();
        if (!comeToRest()) {
          throw RegistryException.unavailable(
              environment.shown() + " does not come right before the first fault: " + problem(),
              null);
        }
        watching.start();
        boolean right = true;
        while (right && (rounds < least || System.nanoTime() - start < length.toNanos())) {
          round();
          right = comeToRest();
          rounds++;
          progress.accept(
              String.format(
                  Locale.ROOT,
                  "%6.0f s  round %d: %d steps, %s, %d violations",
                  (System.nanoTime() - start) / 1e9,
                  rounds,
                  step,
                  right ? "converged" : "NOT converged",
                  ledger.tally.found()));
        }
      } finally {
        watchdog.stop();
        join(watching);
        workload.end();
        hands.shutdown();
      }
      resources.judge(ledger.tally);
      return new SoakReport(
          environment.shown(),
          seed,
          (System.nanoTime() - start) / 1_000_000_000,
          rounds,
          workload.operations(),
          troubles.counts(),
          environment.truth().way(),
          ledger.tally.figures(),
          ledger.tally.violations());
    }

    private String problem() {
      return ledger.tally.violations().stream()
          .findFirst()
          .map(SoakReport.Violation::what)
          .orElse("");
    }

    private void round() {
      long steps = Math.min(round.toMillis(), length.toMillis()) / STEP_MILLIS;
      long end = step + steps;
      long[] begins = new long[FAULTS_A_ROUND];
      for (int i = 0; i < FAULTS_A_ROUND; i++) {
        begins[i] = step + random.nextLong(steps);
      }
      while (step < end || troubles.active().stream().anyMatch(one -> one.lastStep() >= step)) {
        step++;
        troubles.heal(step);
        for (long begin : begins) {
          if (begin == step) {
            trouble(steps);
          }
        }
        workload.step();
        Ear.pass(Duration.ofMillis(random.nextInt(STEP_MILLIS * 2)));
      }
    }

    /** Draws a fault and begins it. */
    private void trouble(long steps) {
      int what = random.nextInt(100);
      int which = random.nextInt(workload.clients.size());
      double share = random.nextDouble();
      boolean lasting = random.nextInt(8) == 0;
      if (what < 35 && !environment.faults().isEmpty()) {
        SoakFault fault = environment.faults().get(what % environment.faults().size());
        troubles.begin(fault, Optional.empty(), until(fault, steps, share, lasting));
        return;
      }
      List<Client> struck =
          what < 50 ? List.copyOf(workload.clients) : List.of(workload.clients.get(which));
      for (Client client : struck) {
        List<SoakFault> faults = client.line.faults();
        SoakFault fault = faults.get(what % faults.size());
        troubles.begin(fault, Optional.of(client), until(fault, steps, share, lasting));
      }
    }

    /** Mostly a part of the round; now and then longer than it may go unnoticed. */
    private long until(SoakFault fault, long steps, double share, boolean lasting) {
      long most = (long) (steps * 0.6 * share) + 5;
      return step
          + (lasting
              ? fault
                  .noticedWithin()
                  .map(bound -> bound.plusSeconds(10).toMillis() / STEP_MILLIS)
                  .orElse(most)
              : most);
    }

    /** Heals all, and waits until nothing differs. */
    private boolean comeToRest() {
      troubles.heal(Long.MAX_VALUE);
      long began = System.nanoTime();
      if (!await(ledger.calls::isEmpty)) {
        ledger
            .calls
            .values()
            .forEach(call -> ledger.violation(Check.CALLS, call, call + ": has not ended"));
        return false;
      }
      Comparison[] last = {compare()};
      boolean right =
          await(
              () -> {
                if (!last[0].problems().isEmpty()) {
                  last[0] = compare();
                }
                return last[0].problems().isEmpty();
              });
      if (!right) {
        for (Comparison.Problem problem : last[0].problems()) {
          ledger.violation(
              problem.check(),
              problem.subject(),
              problem.what() + ", " + patience.toSeconds() + " s after all was healed");
        }
        return false;
      }
      last[0].count(ledger.tally);
      worstMillis = Math.max(worstMillis, (System.nanoTime() - began) / 1e6);
      ledger.tally.note(
          Check.CONVERGENCE,
          String.format(Locale.ROOT, "at the latest %.1f s after the heal", worstMillis / 1e3));
      Set<Claim> left = last[0].left();
      watchdog.settle(() -> workload.settle(last[0].heldKeys(), last[0].present()));
      workload.sweep(left).forEach(CompletableFuture::join);
      resources.measure(workload, ledger.tally);
      return true;
    }

    private Comparison compare() {
      return Comparison.of(environment, ledger, names, workload);
    }

    private boolean await(BooleanSupplier condition) {
      long end = System.nanoTime() + patience.toNanos();
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() - end > 0) {
          return false;
        }
        Ear.pass(Duration.ofMillis(100));
      }
      return true;
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
