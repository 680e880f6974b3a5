package dev.rollcall.server.consul;

import dev.rollcall.Liveness;
import dev.rollcall.kv.Bytes;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * About how many bytes of memory something takes that a client has registered: the objects around
 * it, as measured, and its texts twice, once as they came and once in the answers that show them. A
 * check counts its service's tags, too, since each answer repeats them with it.
 */
final class Weight {
  /** A service in the catalog, the store, the engine and its views. */
  static final long SERVICE = 4_096;

  static final long NODE = 1_024;
  static final long CHECK = 1_024;
  static final long KEY = 3_072;
  static final long SESSION = 1_024;
  private static final long TEXT = 48;

  private Weight() {}

  private static long of(@Nullable Locality locality) {
    return locality == null ? 0 : text(locality.region()) + text(locality.zone());
  }

  static long of(CatalogNode node) {
    return NODE
        + of(node.locality())
        + text(node.name())
        + text(node.address())
        + texts(node.taggedAddresses())
        + texts(node.meta());
  }

  static long of(CatalogService service) {
    long weight =
        SERVICE
            + text(service.id())
            + text(service.name())
            + text(service.kind())
            + texts(service.tags())
            + text(service.address())
            + texts(service.meta())
            + of(service.locality());
    for (NamedPort port : service.ports()) {
      weight += text(port.name());
    }
    for (Map.Entry<String, CatalogService.Address> each : service.taggedAddresses().entrySet()) {
      weight += text(each.getKey()) + text(each.getValue().address());
    }
    return weight;
  }

  /** Returns what a check takes besides the tags of its service. */
  static long of(CatalogCheck check) {
    return CHECK
        + text(check.id())
        + text(check.name())
        + text(check.notes())
        + text(check.output())
        + text(check.type());
  }

  /** Returns what a check takes that is about to be shown, besides the tags of its service. */
  static long shown(CheckDefinition check) {
    return CHECK + text(check.id()) + text(check.name()) + text(check.notes());
  }

  /** Returns what a check takes that nobody is shown: what is sent to whom. */
  static long asked(CheckDefinition check) {
    long weight = check.request().body().size();
    for (var header : check.request().headers()) {
      weight += text(header.getKey().toString()) + text(header.getValue());
    }
    if (check.alias() != null) {
      weight += text(check.alias().node()) + text(check.alias().service());
    }
    return check.probe() instanceof Liveness.HttpCheck http
        ? weight + text(http.uri().toString())
        : weight;
  }

  static long of(Session session) {
    return SESSION
        + text(session.name())
        + text(session.node())
        + text(session.ttl())
        + texts(session.checks());
  }

  static long key(String key, Bytes value) {
    // The value as it came, and in Base64 in the answers.
    return KEY + text(key) + 2L * value.size();
  }

  /** Returns what an instance takes with its checks; a node with its own where the ID is empty. */
  static long of(InstanceId id, CatalogView view) {
    CatalogNode node = view.node(id.node());
    if (id.id().isEmpty()) {
      return node == null ? 0 : of(node) + checks(view.checksOf(id.node(), ""), List.of());
    }
    CatalogService service = view.service(id);
    return service == null
        ? 0
        : of(service) + checks(view.checksOf(id.node(), id.id()), service.tags());
  }

  static long checks(Collection<CatalogCheck> checks, List<String> tags) {
    long weight = checks.size() * texts(tags);
    for (CatalogCheck check : checks) {
      weight += of(check);
    }
    return weight;
  }

  static long texts(Collection<String> texts) {
    long weight = 0;
    for (String text : texts) {
      weight += text(text);
    }
    return weight;
  }

  private static long texts(Map<String, String> texts) {
    return texts(texts.keySet()) + texts(texts.values());
  }

  static long text(String text) {
    long bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      bytes += c < 0x80 ? 0 : c < 0x800 ? 1 : 2;
    }
    return TEXT + 2 * bytes;
  }
}
