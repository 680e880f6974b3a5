package dev.rollcall.server.consul;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Queries that may block: with {@code index} they wait until their topic has passed it, for {@code
 * wait} and up to a sixteenth more. One that waits is a {@link Waiter} and a timer of its event
 * loop; it takes no thread. Everything of one query runs on its {@link Call#executor}, one step
 * after the other; the counts of queries by client are shared, in a concurrent map.
 */
final class Queries {
  private static final Duration USUAL_WAIT = Duration.ofMinutes(5);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

  /** How long a query waits at most that comes with another centre's index. */
  private static final Duration FOREIGN_WAIT = Duration.ofSeconds(1);

  private final CatalogIndex catalog;
  private final StoreContact contact;
  private final StoreLink link;
  private final String datacentre;
  private final int maxByClient;
  private final ConcurrentHashMap<InetAddress, Integer> waiting = new ConcurrentHashMap<>();

  Queries(
      CatalogIndex catalog,
      StoreContact contact,
      StoreLink link,
      String datacentre,
      int maxByClient) {
    this.link = link;
    this.contact = contact;
    this.catalog = catalog;
    this.datacentre = datacentre;
    this.maxByClient = maxByClient;
  }

  /** Answers with what is read, now or when the topic has changed. */
  HttpResponse answer(Call call, String topic, Supplier<Answer> read) {
    requireDatacentre(call);
    if (call.has("stale") && call.has("consistent")) {
      throw RefusedException.bad("Cannot specify ?stale with ?consistent, conflicting semantics.");
    }
    long index = index(call);
    Duration wait = waitTime(call);
    Supplier<Answer> told = told(call, contact.catalog(), marked(call, read));
    contact.catalog().requireKnown();
    return whenFresh(
        call,
        call.has("consistent"),
        () -> link.caughtUp(topic),
        () ->
            index == 0 ? told.get().response(call.ctx()) : waiting(call, topic, index, wait, told));
  }

  /** Answers with what is always the same, as one of the queries. */
  HttpResponse answerFixed(Call call, Answer answer) {
    requireDatacentre(call);
    contact.catalog().requireKnown();
    return whenFresh(
        call,
        call.has("consistent"),
        contact::ask,
        () -> told(call, contact.catalog(), () -> answer).get().response(call.ctx()));
  }

  /** Says with which consistency was read. */
  private static Supplier<Answer> marked(Call call, Supplier<Answer> read) {
    if (call.has("stale")) {
      return () -> read.get().with(Answer.CONSISTENCY, "stale");
    }
    return call.has("consistent") ? () -> read.get().with(Answer.CONSISTENCY, "consistent") : read;
  }

  /** Says how old an answer is, and refuses one that is to be consistent and cannot be. */
  private static Supplier<Answer> told(
      Call call, StoreContact.Stream stream, Supplier<Answer> read) {
    return () -> {
      if (call.has("consistent")) {
        stream.requireHeard();
      }
      return stream.aged(read.get());
    };
  }

  /**
   * Asks the store first, where that is asked for.
   *
   * @param fresh completes with whether what is shown is no older than this question
   */
  private HttpResponse whenFresh(
      Call call,
      boolean asked,
      Supplier<? extends CompletionStage<Boolean>> fresh,
      Supplier<HttpResponse> answer) {
    return asked && !contact.isStoreInProcess()
        ? afterwards(call, call.has("consistent"), fresh.get(), answer)
        : answer.get();
  }

  /** Answers when what is shown is no older than this question. */
  HttpResponse onceFresh(
      Call call,
      Supplier<? extends CompletionStage<Boolean>> fresh,
      Supplier<HttpResponse> answer) {
    return contact.isStoreInProcess() ? answer.get() : afterwards(call, true, fresh.get(), answer);
  }

  private HttpResponse afterwards(
      Call call, boolean must, CompletionStage<Boolean> fresh, Supplier<HttpResponse> answer) {
    return HttpResponse.of(
        fresh.thenApplyAsync(
            caughtUp -> {
              if (!caughtUp && must) {
                return StoreContact.noLeader().answer().response();
              }
              try {
                return answer.get();
              } catch (RefusedException refused) {
                return refused.answer().response();
              }
            },
            call.executor()));
  }

  /** Answers with the list of events, whose index says which was the last and no more. */
  HttpResponse answerEvents(Call call, LongSupplier index, Supplier<Answer> read) {
    requireDatacentre(call);
    long known = index(call);
    Duration wait = waitTime(call);
    if (known == 0 || known != index.getAsLong()) {
      return read.get().response(call.ctx());
    }
    long at = catalog.indexOf(Topics.EVENTS);
    if (known != index.getAsLong()) { // fired in between
      return read.get().response(call.ctx());
    }
    return waiting(call, Topics.EVENTS, at, wait, read);
  }

  /**
   * Answers with keys, which know their indexes themselves. An index that is ahead of what is shown
   * is another centre's that has heard more: then this one catches up first.
   *
   * @param caughtUp completes with whether what is read is no older than this question
   */
  HttpResponse answerKeys(
      Call call,
      KeyValues keys,
      String topic,
      Supplier<CompletionStage<Boolean>> caughtUp,
      LongSupplier index,
      Supplier<Answer> read) {
    requireDatacentreToo(call);
    long known = index(call);
    Duration wait = waitTime(call);
    Supplier<Answer> told = told(call, contact.keys(), read);
    contact.keys().requireKnown();
    return whenFresh(
        call,
        call.has("consistent") || keys.isBeyond(known),
        caughtUp,
        () -> keys(call, keys, topic, index, told, known, wait));
  }

  private HttpResponse keys(
      Call call,
      KeyValues keys,
      String topic,
      LongSupplier index,
      Supplier<Answer> read,
      long known,
      Duration wait) {
    while (true) {
      long table = catalog.indexOf(Topics.KEYS);
      if (known == 0 || index.getAsLong() > known || keys.isBeyond(known)) {
        return read.get().response(call.ctx());
      }
      Waiting waiting = new Waiting(call, topic, wait, read);
      Optional<HttpResponse> begun =
          waiting.begin(waiter -> catalog.parkUnless(Topics.KEYS, table, topic, waiter));
      if (begun.isPresent()) {
        return begun.get();
      }
    }
  }

  /**
   * What is asked of this agent alone.
   *
   * @param topic what is touched whenever it changes
   * @param hash of the content
   */
  record Hashed(String topic, String hash, Answer answer) {}

  /** Answers when the content has another hash than {@code hash} says, or {@code wait} is over. */
  HttpResponse answerHashed(Call call, Supplier<Hashed> read) {
    Duration wait = waitTime(call);
    String known = call.parameter("hash");
    Hashed now = read.get();
    if (!now.hash().equals(known)) {
      return now.answer().response(call.ctx());
    }
    Waiting waiting = new Waiting(call, now.topic(), wait, () -> read.get().answer());
    waiting.again = waiter -> parkWhileSame(now, read, waiter);
    return waiting.begin(waiting.again).orElseGet(() -> read.get().answer().response(call.ctx()));
  }

  private boolean parkWhileSame(Hashed known, Supplier<Hashed> read, Waiter waiter) {
    while (true) {
      long at = catalog.indexOf(known.topic());
      if (!read.get().hash().equals(known.hash())) {
        return false;
      }
      if (catalog.park(known.topic(), at, waiter)) {
        return true;
      }
    }
  }

  private HttpResponse waiting(
      Call call, String topic, long index, Duration wait, Supplier<Answer> read) {
    if (!contact.isStoreInProcess() && catalog.isForeign(index)) {
      // It says nothing of what its client has seen here. At once would be a loop without a pause
      // for a client that turns from one centre to the next with each query.
      Duration soon = wait.compareTo(FOREIGN_WAIT) < 0 ? wait : FOREIGN_WAIT;
      return new Waiting(call, topic, soon, read)
          .begin(waiter -> catalog.park(topic, catalog.indexOf(topic), waiter))
          .orElseGet(() -> read.get().response(call.ctx()));
    }
    return new Waiting(call, topic, wait, read)
        .begin(waiter -> catalog.park(topic, index, waiter))
        .orElseGet(() -> read.get().response(call.ctx()));
  }

  /** Refuses what asks for another datacentre. */
  void requireDatacentre(Call call) {
    if (isElsewhere(call)) {
      throw RefusedException.query("No path to datacenter");
    }
  }

  /** The same for what is no query of the catalog. */
  void requireDatacentreToo(Call call) {
    if (isElsewhere(call)) {
      throw RefusedException.failed("No path to datacenter");
    }
  }

  private boolean isElsewhere(Call call) {
    return !call.parameter("dc").isEmpty() && !call.parameter("dc").equals(datacentre);
  }

  private static long index(Call call) {
    String text = call.parameter("index");
    if (text.isEmpty()) {
      return 0;
    }
    try {
      long index = Long.parseUnsignedLong(text);
      // Consul's events have indexes that fill all 64 bits; ours never do.
      return index < 0 ? Long.MAX_VALUE : index;
    } catch (NumberFormatException malformed) {
      throw RefusedException.bad("Invalid index");
    }
  }

  private static Duration waitTime(Call call) {
    String text = call.parameter("wait");
    if (text.isEmpty()) {
      return USUAL_WAIT;
    }
    Duration wait =
        GoDuration.parse(text).orElseThrow(() -> RefusedException.bad("Invalid wait time"));
    if (wait.isZero()) {
      return USUAL_WAIT;
    }
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }

  /** One query that waits. Confined to its executor, but for {@code over}. */
  private final class Waiting {
    private final ServiceRequestContext ctx;
    private final Executor executor;
    private final String topic;
    private final Duration wait;
    private final Supplier<Answer> read;
    private final CompletableFuture<HttpResponse> answer = new CompletableFuture<>();
    private final AtomicBoolean over = new AtomicBoolean();

    private volatile @Nullable Waiter waiter; // set by begin()

    /** Whether to wait on, once woken. Set before it begins. */
    private Predicate<Waiter> again = waiter -> false;

    Waiting(Call call, String topic, Duration wait, Supplier<Answer> read) {
      ctx = call.ctx();
      executor = call.executor();
      this.topic = topic;
      this.wait = wait;
      this.read = read;
    }

    /** Returns nothing where it could not be parked, since there is something to read. */
    Optional<HttpResponse> begin(Predicate<Waiter> park) {
      InetAddress client = ctx.remoteAddress().getAddress();
      if (waiting.merge(client, 1, Integer::sum) > maxByClient) {
        leave(client);
        return Optional.of(
            Answer.text(429, "blocking queries: " + maxByClient + " of this client wait already")
                .response());
      }
      Waiter waiter = new Waiter(executor, this::woken);
      this.waiter = waiter;
      if (!park.test(waiter)) {
        leave(client);
        return Optional.empty();
      }
      ctx.clearRequestTimeout();
      long nanos = wait.toNanos() + ThreadLocalRandom.current().nextLong(wait.toNanos() / 16 + 1);
      Future<?> timer =
          ctx.eventLoop()
              .withoutContext()
              .schedule(() -> executor.execute(this::end), nanos, TimeUnit.NANOSECONDS);
      HttpResponse response = HttpResponse.of(answer);
      // Also where the client has gone, which no other part hears of.
      response
          .whenComplete()
          .whenComplete(
              (sent, failed) -> {
                over.set(true);
                timer.cancel(false);
                catalog.leave(topic, waiter);
                leave(client);
              });
      return Optional.of(response);
    }

    private void woken() {
      boolean goesOn;
      try {
        goesOn = !over.get() && again.test(requireNonNull(waiter));
      } catch (RefusedException gone) {
        goesOn = false;
      }
      if (!goesOn) {
        end();
      }
    }

    private void end() {
      if (over.compareAndSet(false, true)) {
        // From now on the client has as much time as any other to take its answer.
        long millis = ctx.config().requestTimeoutMillis();
        if (millis > 0) {
          ctx.setRequestTimeoutMillis(TimeoutMode.SET_FROM_NOW, millis);
        }
        try {
          answer.complete(read.get().response(ctx));
        } catch (RefusedException refused) {
          answer.complete(refused.answer().response());
        } catch (RuntimeException | LinkageError failed) {
          answer.completeExceptionally(failed);
        }
      }
    }

    private void leave(InetAddress client) {
      waiting.computeIfPresent(client, (of, count) -> count == 1 ? null : count - 1);
    }
  }
}
