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
