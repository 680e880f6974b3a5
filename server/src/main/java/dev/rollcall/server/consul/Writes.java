package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpResponse;
import dev.rollcall.kv.Bytes;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Admits what changes something, and answers it when it is kept. A change begins where the store is
 * heard and the disk takes it; one that adds something, where there is room on the disk and in the
 * client's budget, too. It is answered when the store has it, which one in this process has at
 * once, and the disk. Thread-safe.
 */
final class Writes {
  private final StoreContact contact;
  private final StoreLink link;
  private final Permissions permissions;
  private final Quota quota;
  private final Changes changes;
  private final Changes keyChanges;

  Writes(
      StoreContact contact,
      StoreLink link,
      Permissions permissions,
      Quota quota,
      Changes changes,
      Changes keyChanges) {
    this.contact = contact;
    this.link = link;
    this.permissions = permissions;
    this.quota = quota;
    this.changes = changes;
    this.keyChanges = keyChanges;
  }

  /**
   * Registers something for the client that asks, as {@link Quota#register} says.
   *
   * @throws RefusedException also where the store or the disk does not take it
   */
  void register(Call call, Set<InstanceId> ids, long bytes, Runnable registration) {
    require();
    changes.requireRoom();
    quota.register(ids, permissions.clientOf(call.ctx()), bytes, registration);
  }

  /**
   * Changes a registration, as {@link Quota#add} says.
   *
   * @throws RefusedException also where the store or the disk does not take it
   */
  void change(Call call, InstanceId id, long bytes, Runnable change) {
    require();
    if (bytes > 0) {
      changes.requireRoom();
    }
    output(call, id, bytes, change);
  }

  /** The same for what a check says, which counts wherever it is kept. */
  void output(Call call, InstanceId id, long bytes, Runnable change) {
    quota.add(id, permissions.clientOf(call.ctx()), bytes, change);
  }

  /**
   * Writes keys, or deletes some, and answers when that is kept.
   *
   * @param values what is put, by key; empty where keys are deleted alone
   * @param isWritten tells of a result whether that was done
   * @throws RefusedException where the store or the disk does not take it
   * @throws dev.rollcall.server.BudgetException where the client would hold too much
   */
  <T> HttpResponse keys(
      Call call,
      KeyValues keys,
      Map<String, Bytes> values,
      Predicate<T> isWritten,
      Supplier<CompletionStage<T>> write,
      Function<T, Answer> answer) {
    contact.keys().requireWritable();
    keyChanges.require();
    if (!values.isEmpty()) {
      keyChanges.requireRoom();
    }
    CompletionStage<T> written =
        keys.quota()
            .write(
                values,
                permissions.clientOf(call.ctx()),
                key -> !keys.get(key).pairs().isEmpty(),
                isWritten,
                write);
    return HttpResponse.of(
        keyChanges
            .after(written)
            .handle(
                (result, failed) ->
                    (failed == null ? answer.apply(result) : KeyRoutes.failure(failed))
                        .response()));
  }

  /**
   * Refuses to begin where the store is known not to answer, or the disk takes nothing.
   *
   * @throws RefusedException as Consul does without a leader
   */
  void require() {
    contact.catalog().requireWritable();
    changes.require();
  }

  /**
   * Refuses to take away what another centre keeps, which would put it back.
   *
   * @throws RefusedException naming that centre
   */
  void requireNotKept(Set<InstanceId> ids) {
    for (InstanceId id : ids) {
      String keeper = link.keeperOf(id).orElse("");
      if (!keeper.isEmpty()) {
        throw new RefusedException(
            409,
            shown(id)
                + " was registered with the centre of node "
                + Fields.shown(keeper)
                + ", which keeps it before the same store (expected: to be deregistered there)");
      }
    }
  }

  /**
   * Refuses to change checks alone of what is kept by another centre, or by a program itself: the
   * store has them as a part of the instance.
   *
   * @throws RefusedException where it is
   */
  void requireOwnChecks(InstanceId id) {
    requireNotKept(Set.of(id));
    if (!contact.isStoreInProcess() && link.keeperOf(id).isPresent()) {
      throw new RefusedException(
          409, shown(id) + " was registered by a program itself, and its check with it");
    }
  }

  private static String shown(InstanceId id) {
    return "service " + Fields.shown(id.id()) + " of node " + Fields.shown(id.node());
  }

  /**
   * Gives an answer to a change of the catalog that is kept.
   *
   * @param changed services, and nodes where the ID is empty, that are as clients have put them
   */
  HttpResponse answerCatalog(Set<InstanceId> changed, Set<InstanceId> stored, Answer answer) {
    changed.forEach(id -> changes.registered(id, Changes.By.CATALOG));
    return answer(stored, answer);
  }

  /**
   * Gives an answer when the store holds, or has lost, what was said of some instances, and it is
   * on this centre's disk too.
   */
  HttpResponse answer(Set<InstanceId> changed, Answer answer) {
    if (contact.isStoreInProcess()) {
      return changes.answer(answer);
    }
    try {
      contact.catalog().requireWritable();
    } catch (RefusedException lost) {
      return lost.answer().response();
    }
    return HttpResponse.of(
        link.kept(changed)
            .thenCombine(changes.written(), (kept, onDisk) -> kept)
            .handle(
                (kept, failed) ->
                    (failed != null
                            ? Changes.refusal(failed)
                            : kept ? answer : StoreContact.noLeader().answer())
                        .response()));
  }
}
