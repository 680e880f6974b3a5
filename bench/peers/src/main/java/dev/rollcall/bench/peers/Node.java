package dev.rollcall.bench.peers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One instance of the fleet that others are fed with: as many facts as Rollcall's own heap row
 * counts, less scheme and zone, for which few of them have a field.
 *
 * @param service the service's name
 * @param id unique among all
 * @param host an address in numbers
 * @param port the port
 * @param tags two
 * @param metadata three entries
 */
record Node(
    String service,
    String id,
    String host,
    int port,
    List<String> tags,
    Map<String, String> metadata) {

  /** Returns the instances of one service. Every string is a new one, as a decoder makes them. */
  static List<Node> of(int service) {
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < Names.EACH; i++) {
      int number = service * Names.EACH + i;
      Map<String, String> metadata = new LinkedHashMap<>();
      metadata.put(fresh("version"), fresh("1." + number % 4 + ".0"));
      metadata.put(fresh("region"), fresh("eu-west"));
      metadata.put(fresh("team"), fresh("payments"));
      nodes.add(
          new Node(
              fresh(Names.name(service)),
              fresh("i" + number),
              fresh("10.1." + (number >> 8 & 255) + "." + (number & 255)),
              8080,
              List.of(fresh("v" + number % 4), fresh("primary")),
              metadata));
    }
    return nodes;
  }

  /**
   * Returns the metadata for those who know no tags: both in one entry more, which takes less than
   * an entry each would.
   */
  Map<String, String> metadataWithTags() {
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put(fresh("tags"), String.join(",", tags));
    return all;
  }

  private static String fresh(String text) {
    return new String(text.toCharArray());
  }
}
