package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyWrite;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Several writes with their conditions as one transaction of Consul's, which takes {@value #MOST}
 * operations. Conditions come first; of a key that is written its condition is a part of the write.
 */
final class KeyOperations {
  private static final int MOST = 64;

  private final String root;
  private final List<KeyWrite.Put> puts;
  private final List<Operation> all;

  /** One operation; {@code value} is empty where none is written. */
  record Operation(String verb, String key, long index, Bytes value) {}

  private KeyOperations(String root, List<KeyWrite.Put> puts, List<Operation> all) {
    this.root = root;
    this.puts = puts;
    this.all = all;
  }

  /**
   * Arranges what is asked for.
   *
   * @throws RegistryException of kind {@code INVALID} where it is too much
   */
  static KeyOperations of(String root, Map<String, Long> expected, List<KeyWrite> writes) {
    List<KeyWrite.Put> puts = new ArrayList<>();
    List<Operation> changes = new ArrayList<>();
    Set<String> compared = new HashSet<>();
    for (KeyWrite write : writes) {
      if (write instanceof KeyWrite.Put put) {
        Long version = expected.get(put.key());
        String verb = version == null ? "set" : "cas";
        long index = version == null ? 0 : version;
        changes.add(new Operation(verb, root + put.key(), index, put.value()));
        compared.add(put.key());
        puts.add(put);
      } else if (write instanceof KeyWrite.Delete delete) {
        changes.add(
            delete.keys() instanceof Keys.OfPrefix tree
                ? new Operation("delete-tree", root + tree.prefix(), 0, Bytes.empty())
                : new Operation(
                    "delete", root + ((Keys.OfKey) delete.keys()).key(), 0, Bytes.empty()));
      }
    }
    List<Operation> all = new ArrayList<>();
    expected.forEach(
        (key, version) -> {
          if (!compared.contains(key)) {
            String verb = version == 0 ? "check-not-exists" : "check-index";
            all.add(new Operation(verb, root + key, version, Bytes.empty()));
          }
        });
    all.addAll(changes);
    if (all.size() > MOST) {
      throw RegistryException.invalid(
          "commit: " + all.size() + " operations (expected: at most " + MOST + ")");
    }
    return new KeyOperations(root, puts, all);
  }

  List<Operation> all() {
    return all;
  }

  /** Returns what was put, of what Consul has answered. */
  List<KeyValue> written(List<ConsulPair> results) {
    Map<String, ConsulPair> byKey =
        results.stream()
            .collect(Collectors.toMap(ConsulPair::key, pair -> pair, (first, later) -> later));
    List<KeyValue> written = new ArrayList<>();
    for (KeyWrite.Put put : puts) {
      ConsulPair is = byKey.get(root + put.key());
      if (is == null) {
        throw RegistryException.unavailable("commit: Consul's answer has not all keys", null);
      }
      written.add(new KeyValue(put.key(), put.value(), is.modifyIndex(), is.createIndex()));
    }
    return written;
  }
}
