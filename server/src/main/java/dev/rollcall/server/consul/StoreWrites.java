package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpResponse;
import java.util.Set;

/**
 * Answers what registers and deregisters when the store has taken it. A store in this process has
 * at once. Thread-safe.
 */
final class StoreWrites {
  private final StoreContact contact;
  private final StoreLink link;
  private final Changes changes;

  StoreWrites(StoreContact contact, StoreLink link, Changes changes) {
    this.contact = contact;
    this.link = link;
    this.changes = changes;
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
   * Refuses to register more where there is too much already.
   *
   * @throws RefusedException where there is
   */
  void requireRoom() {
    changes.requireRoom();
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
