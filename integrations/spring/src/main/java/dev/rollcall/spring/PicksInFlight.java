package dev.rollcall.spring;

import dev.rollcall.Pick;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The picks of requests under way, from the choice until somebody says that the request has ended.
 * Spring Cloud does not say so of a request that was cancelled, and only forgets its instance: such
 * a pick is closed by a later choice, once the instance was collected.
 *
 * <p>Thread-safe: a pick is closed by the one that removes it from the set.
 */
final class PicksInFlight {
  private final Set<Ticket> open = ConcurrentHashMap.newKeySet();
  private final ReferenceQueue<InFlight> forgotten = new ReferenceQueue<>();

  RollcallServiceInstance count(Pick pick) {
    while (forgotten.poll() instanceof Ticket ticket) {
      end(ticket, false);
    }
    return new RollcallServiceInstance(pick.instance(), new InFlight(this, pick));
  }

  int size() {
    return open.size();
  }

  private void end(Ticket ticket, boolean failed) {
    if (open.remove(ticket)) {
      if (failed) {
        ticket.pick.failed();
      }
      ticket.pick.close();
    }
  }

  /** One request. The chosen instance refers to it, and nothing else does. */
  static final class InFlight {
    private final PicksInFlight picks;
    private final Ticket ticket;

    private InFlight(PicksInFlight picks, Pick pick) {
      this.picks = picks;
      this.ticket = new Ticket(this, pick);
      picks.open.add(ticket);
    }

    void end(boolean failed) {
      picks.end(ticket, failed);
    }
  }

  /** What is left of a request that was forgotten. */
  private static final class Ticket extends PhantomReference<InFlight> {
    private final Pick pick;

    Ticket(InFlight of, Pick pick) {
      super(of, of.picks.forgotten);
      this.pick = pick;
    }
  }
}
