package dev.rollcall.consul;

import java.util.Set;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;

/**
 * Leaves parts of the contract to the build that runs tests tagged {@code long} (they are
 * inherited, so that they cannot be tagged here): the clauses that wait for Consul to remove what
 * is dead, which takes it 60 to 90 s and cannot be set, and three others that wait for the engine's
 * own times and ask the store for nothing; and, on the server with a data folder, those groups to
 * which it makes no difference whether there is one.
 */
public final class LongClauses implements PostDiscoveryFilter {
  private static final Set<String> LONG =
      Set.of(
          "r5_expiry_ofADeadOwner",
          "r5_expiry_ofAClosedClient",
          "w14_massLoss_departuresAreTold",
          "w14_massLoss_isDoubtedForABoundedTime",
          "r4_restored_anAnnouncementWaits");

  private static final Set<String> SAME_WITH_DATA =
      Set.of("Lookup", "Listeners", "BadInput", "MassLoss");

  private final boolean excluded = System.getProperty("rollcall.excludedTags", "").contains("long");

  @Override
  public FilterResult apply(TestDescriptor test) {
    return FilterResult.includedIf(!(excluded && (isLong(test) || isTheSameWithData(test))));
  }

  private static boolean isLong(TestDescriptor test) {
    return test.getSource().orElse(null) instanceof MethodSource method
        && LONG.contains(method.getMethodName());
  }

  private static boolean isTheSameWithData(TestDescriptor test) {
    boolean persistent = false;
    for (UniqueId.Segment segment : test.getUniqueId().getSegments()) {
      persistent |= segment.getValue().equals(PersistentConsulContractTest.class.getName());
      if (persistent && SAME_WITH_DATA.contains(segment.getValue())) {
        return true;
      }
    }
    return false;
  }
}
