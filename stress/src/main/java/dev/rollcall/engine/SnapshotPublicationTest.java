package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A reader sees a change of two instances whole or not at all, and never goes back (L4, W15). */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Twice before the change.")
@Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "Before, then after.")
@Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "Twice after the change.")
@Outcome(id = "2, 0", expect = FORBIDDEN, desc = "The reader went back to an older state.")
@Outcome(id = ".*1.*", expect = FORBIDDEN, desc = "The reader saw half an update.")
@Outcome(expect = FORBIDDEN, desc = "The parts of a snapshot do not fit together.")
@State
public class SnapshotPublicationTest {
  private final InstanceCache cache = Parts.cache(new StillTimer());

  public SnapshotPublicationTest() {
    cache.synced();
  }

  @Actor
  public void writer() {
    cache.apply(List.of(new InstanceEvent.Put(Parts.A), new InstanceEvent.Put(Parts.B)), 1);
  }

  @Actor
  public void reader(II_Result r) {
    r.r1 = read();
    r.r2 = read();
  }

  private int read() {
    Snapshot snapshot = cache.snapshot();
    int count = 0;
    for (ServiceInstance instance : snapshot.instances()) {
      count += instance.port() == 8080 ? 1 : 100;
    }
    boolean fits = snapshot.all().size() == count && snapshot.version() == (count == 0 ? 1 : 2);
    return fits ? count : -1;
  }
}
