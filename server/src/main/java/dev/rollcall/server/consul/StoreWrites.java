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

  StoreWrites(StoreContact contact, StoreLink link) {
    this.contact = contact;
    this.link = link;
  }

  /**
   * Refuses to begin where the store is known not to answer.
   *
   * @throws RefusedException as Consul does without a leader
   */
  void require() {
    contact.catalog().requireWritable();
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

  /** Gives an answer when the store holds, or has lost, what was said of some instances. */
  HttpResponse answer(Set<InstanceId> changed, Answer answer) {
    if (contact.isStoreInProcess()) {
      return answer.response();
    }
    try {
      require();
    } catch (RefusedException lost) {
      return lost.answer().response();
    }
    return HttpResponse.of(
        link.kept(changed)
            .thenApply(kept -> (kept ? answer : StoreContact.noLeader().answer()).response()));
  }
}
