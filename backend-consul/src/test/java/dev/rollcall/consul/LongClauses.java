package dev.rollcall.consul;

import java.util.Set;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;

/**
 * Leaves the contract's longest tests to the build that runs tests tagged {@code long}: those that
 * wait for Consul to remove what is dead, which takes it 60 to 90 s and cannot be set, and two that
 * wait for the engine's own times and ask the store for nothing. (They are inherited, so that they
 * cannot be tagged here.)
 */
public final class LongClauses implements PostDiscoveryFilter {
  private static final Set<String> LONG =
      Set.of(
          "r5_expiry_ofADeadOwner",
          "r5_expiry_ofAClosedClient",
          "w14_massLoss_departuresAreTold",
          "w14_massLoss_isDoubtedForABoundedTime",
          "r4_restored_anAnnouncementWaits");

  private final boolean excluded = System.getProperty("rollcall.excludedTags", "").contains("long");

  @Override
  public FilterResult apply(TestDescriptor test) {
    boolean isLong =
        test.getSource().orElse(null) instanceof MethodSource method
            && LONG.contains(method.getMethodName());
    return FilterResult.includedIf(!(excluded && isLong));
  }
}
