package dev.rollcall.bench.peers;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jol.info.GraphLayout;

/**
 * Bytes an instance takes in others, with 2 tags and 3 metadata entries, counted as Rollcall's are:
 * the lists that a caller is given and all that hangs from them. What else the library keeps for
 * itself, a store's node beside the decoded instance for one, is not held against it.
 *
 * <p>Runs in a JVM of its own and prints one number.
 */
final class HeapProbe {
  private HeapProbe() {}

  /**
   * Runs one probe.
   *
   * @param args the library
   */
  public static void main(String[] args) throws Exception {
    double result =
        switch (args[0]) {
          case "spring" -> spring();
          case "curator" -> curator();
          case "eureka" -> eureka();
          default -> throw new IllegalArgumentException(args[0]);
        };
    System.out.println("result " + result);
    System.exit(0);
  }

  private interface Lookup {
    List<?> list(String service);
  }

  private static double spring() {
    return count(SpringBenchmark.client()::getInstances);
  }

  private static double curator() throws Exception {
    try (CuratorStore store = new CuratorStore()) {
      var caches = CuratorBenchmark.caches(store);
      return count(service -> caches.get(service).getInstances());
    }
  }

  private static double eureka() throws Exception {
    try (EurekaFeed feed = new EurekaFeed()) {
      return count(service -> feed.client().getInstancesByVipAddress(service, false));
    }
  }

  private static double count(Lookup lookup) {
    List<Object> roots = new ArrayList<>();
    int instances = 0;
    for (int i = 0; i < Names.SERVICES; i++) {
      List<?> list = lookup.list(Names.name(i));
      instances += list.size();
      roots.add(list);
    }
    if (instances != Names.SERVICES * Names.EACH) {
      throw new IllegalStateException(instances + " instances are there");
    }
    return (double) GraphLayout.parseInstance(roots.toArray()).totalSize() / instances;
  }
}
