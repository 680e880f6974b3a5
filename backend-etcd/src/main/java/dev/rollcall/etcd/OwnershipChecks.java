package dev.rollcall.etcd;

import dev.rollcall.spi.Timer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks whether keys still stand as their owners left them: a lease lives on when its key was taken
 * over or deleted, so keeping it alive proves nothing.
 *
 * <p>Design: a question waits {@link #WINDOW} for others to come, which then go together, up to 100
 * to a transaction: 10,000 registrations, whose renewals are due on common ticks, cost some ten
 * transactions a second. The reads in the transaction make it linearizable; one of comparisons
 * alone would be answered by whichever member is asked, however far behind. They read no values:
 * 100 of what strangers put would be more than a message holds. A key that was changed is read by a
 * call of its own. {@code waiting} is guarded by {@code this}; calls go out without it.
 */
final class OwnershipChecks {
  /** etcd takes no more than 128 operations in a transaction unless told to. */
  private static final int MOST = 100;

  private static final Duration WINDOW = Duration.ofMillis(20);
  private static final GetOption COUNT = GetOption.builder().withCountOnly(true).build();

  private final EtcdGateway gateway;
  private final Timer timer;
  private List<Question> waiting = new ArrayList<>();

  private record Question(ByteSequence key, long modRevision, CompletableFuture<Answer> answer) {}

  /**
   * How a key stands.
   *
   * @param asLeft whether nobody has changed it
   * @param entry what stands there, where it is not as it was left; null where nothing does
   */
  record Answer(boolean asLeft, @Nullable KeyValue entry) {
    static final Answer AS_LEFT = new Answer(true, null);
  }

  OwnershipChecks(EtcdGateway gateway, Timer timer) {
    this.gateway = gateway;
    this.timer = timer;
  }

  /** Asks whether a key has been left alone since a revision, 0 for a key that is absent. */
  CompletableFuture<Answer> ask(ByteSequence key, long modRevision) {
    Question question = new Question(key, modRevision, gateway.untilClosed("check of ownership"));
    boolean first;
    synchronized (this) {
      first = waiting.isEmpty();
      waiting.add(question);
    }
    if (first) {
      timer.schedule(() -> gateway.executeAsync(this::flush), WINDOW);
    }
    return question.answer;
  }

  private void flush() {
    List<Question> due;
    synchronized (this) {
      due = waiting;
      waiting = new ArrayList<>();
    }
    for (int i = 0; i < due.size(); i += MOST) {
      List<Question> batch = due.subList(i, Math.min(i + MOST, due.size()));
      try {
        send(batch);
      } catch (LinkageError broken) {
        answer(batch, null, broken);
      }
    }
  }

  private void send(List<Question> batch) {
    Cmp[] asLeft = new Cmp[batch.size()];
    Op[] reads = new Op[batch.size()];
    for (int i = 0; i < asLeft.length; i++) {
      Question question = batch.get(i);
      asLeft[i] = new Cmp(question.key, Cmp.Op.EQUAL, CmpTarget.modRevision(question.modRevision));
      reads[i] = Op.get(question.key, EtcdGateway.KEYS);
    }
    gateway
        .txn(
            "check of ownership",
            txn -> txn.If(asLeft).Then(Op.get(batch.get(0).key, COUNT)).Else(reads))
        .whenComplete((reply, failed) -> answer(batch, reply, failed));
  }

  private void answer(
      List<Question> batch, @Nullable TxnResponse reply, @Nullable Throwable failed) {
    if (reply == null) {
      RuntimeException why = EtcdErrors.because(failed);
      batch.forEach(question -> question.answer.completeExceptionally(why));
      return;
    }
    if (reply.isSucceeded()) {
      batch.forEach(question -> question.answer.complete(Answer.AS_LEFT));
      return;
    }
    List<GetResponse> reads = reply.getGetResponses();
    for (int i = 0; i < batch.size(); i++) {
      Question question = batch.get(i);
      List<KeyValue> found = reads.get(i).getKvs();
      long stands = found.isEmpty() ? 0 : found.get(0).getModRevision();
      if (stands == question.modRevision) {
        question.answer.complete(Answer.AS_LEFT);
      } else if (stands == 0) {
        question.answer.complete(new Answer(false, null));
      } else {
        readChanged(question);
      }
    }
  }

  private void readChanged(Question question) {
    gateway
        .entry("check of ownership", question.key)
        .whenComplete(
            (entry, failed) -> {
              if (failed == null) {
                question.answer.complete(new Answer(false, entry));
              } else {
                question.answer.completeExceptionally(EtcdErrors.because(failed));
              }
            });
  }
}
