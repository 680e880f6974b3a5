package dev.rollcall.server.consul;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.HttpResponse;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.Keys;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * {@code /v1/txn}: several operations as one. Those on keys are the store's own transaction. Those
 * that change the catalog are done where the catalog is this process's alone, and no transaction
 * changes both. What cannot be kept is refused before anything is changed.
 */
final class TxnRoutes {
  private static final int MOST = 64;
  private static final int MAX_BYTES = 512 * 1024;

  private final CatalogIndex catalog;
  private final @Nullable KeyValues keys; // null where the store keeps no keys
  private final @Nullable Sessions sessions; // null where the store is shared, or keeps no keys
  private final Queries queries;
  private final StoreContact contact;
  private final StoreLink link;
  private final Identity identity;
  private final Permissions permissions;
  private final Writes writes;
  private final CatalogTransaction ofCatalog;

  TxnRoutes(
      CatalogIndex catalog,
      @Nullable KeyValues keys,
      @Nullable Sessions sessions,
      Queries queries,
      StoreContact contact,
      StoreLink link,
      Identity identity,
      Permissions permissions,
      Writes writes) {
    this.catalog = catalog;
    this.keys = keys;
    this.sessions = sessions;
    this.queries = queries;
    this.contact = contact;
    this.link = link;
    this.identity = identity;
    this.permissions = permissions;
    this.writes = writes;
    ofCatalog = new CatalogTransaction(identity.datacentre());
  }

  List<Route> routes() {
    return List.of(Route.write("txn", this::handle));
  }

  private HttpResponse handle(Call call) {
    queries.requireDatacentreToo(call);
    if (call.body().size() > MAX_BYTES) {
      throw new RefusedException(413, "Request body too large, max size: " + MAX_BYTES + " bytes");
    }
    List<TxnOperation> operations = TxnOperation.listOf(call.json());
    if (operations.size() > MOST) {
      throw new RefusedException(
          413,
          "Transaction contains too many operations (" + operations.size() + " > " + MOST + ")");
    }
    boolean hasKeys = operations.stream().anyMatch(TxnOperation.OfKey.class::isInstance);
    boolean hasOthers = !operations.stream().allMatch(TxnOperation.OfKey.class::isInstance);
    if (hasKeys && keys == null) {
      throw unkept("KV: the store behind this centre keeps no keys");
    }
    TxnResults unnamed = new TxnResults();
    for (int i = 0; i < operations.size(); i++) {
      if (operations.get(i) instanceof TxnOperation.OfKey of
          && of.key().isEmpty()
          && !of.verb().equals("delete-tree")) {
        unnamed.fail(i, "Must provide key");
      }
    }
    boolean writes = operations.stream().anyMatch(TxnOperation::isWrite);
    if (unnamed.isFailed()) {
      return (writes ? unnamed.answer(call.isPretty()) : unnamed.answer(call.isPretty(), age()))
          .response();
    }
    requireKeys(operations);
    if (!writes) {
      return read(call, operations, hasKeys, hasOthers);
    }
    if (hasKeys && hasOthers) {
      throw unkept("KV beside Node, Service or Check: no store has both in one transaction");
    }
    if (hasOthers) {
      return change(call, operations);
    }
    return transact(call, operations);
  }

  private static RefusedException unkept(String sentence) {
    return new RefusedException(501, sentence);
  }

  /** Refuses keys and verbs that the store would not keep. */
  private void requireKeys(List<TxnOperation> operations) {
    boolean writes = operations.stream().anyMatch(TxnOperation::isWrite);
    for (int i = 0; i < operations.size(); i++) {
      if (!(operations.get(i) instanceof TxnOperation.OfKey of)) {
        continue;
      }
      if (sessions == null && Set.of("lock", "unlock", "check-session").contains(of.verb())) {
        throw unkept(
            of.verb()
                + ": keys are held by sessions of one centre, and the store behind this one is"
                + " shared");
      }
      if (of.isTree() && of.isWrite()) {
        requirePrefix(of.key());
      } else if (of.isWrite() && !of.key().isEmpty()) {
        KeyRoutes.requireKey(of.key());
      }
      if (writes && of.isTree() && !contact.isStoreInProcess()) {
        requireApart(operations, i, of);
      }
    }
  }

  private static void requirePrefix(String prefix) {
    try {
      Keys.prefix(prefix);
    } catch (RegistryException refused) {
      throw RefusedException.bad(String.valueOf(refused.getMessage()));
    }
  }

  /** A shared store deletes a tree as a whole, and reads none within a transaction that writes. */
  private static void requireApart(List<TxnOperation> operations, int at, TxnOperation.OfKey tree) {
    if (!tree.isWrite()) {
      throw unkept("get-tree: read by itself alone before a shared store");
    }
    for (int i = 0; i < operations.size(); i++) {
      if (i != at
          && operations.get(i) instanceof TxnOperation.OfKey other
          && (other.key().startsWith(tree.key())
              || (other.isTree() && tree.key().startsWith(other.key())))) {
        throw unkept("delete-tree: with no other operation on its keys before a shared store");
      }
    }
  }

  private HttpResponse read(
      Call call, List<TxnOperation> operations, boolean hasKeys, boolean hasOthers) {
    if (call.has("stale") && call.has("consistent")) {
      throw RefusedException.bad("Cannot specify ?stale with ?consistent, conflicting semantics.");
    }
    if (hasKeys) {
      contact.keys().requireKnown();
    }
    if (hasOthers) {
      contact.catalog().requireKnown();
    }
    return call.has("stale")
        ? read(call, operations)
        : queries.onceFresh(
            call, () -> caughtUp(operations, hasOthers), () -> read(call, operations));
  }

  private CompletionStage<Boolean> caughtUp(List<TxnOperation> operations, boolean hasOthers) {
    CompletionStage<Boolean> all =
        hasOthers ? link.caughtUp(Topics.SERVICES) : CompletableFuture.completedFuture(true);
    for (TxnOperation operation : operations) {
      if (operation instanceof TxnOperation.OfKey of && keys != null) {
        all =
            all.thenCombine(
                of.isTree() ? keys.caughtUpBelow(of.key()) : keys.caughtUp(of.key()),
                Boolean::logicalAnd);
      }
    }
    return all;
  }

  private HttpResponse read(Call call, List<TxnOperation> operations) {
    TxnResults results = new TxnResults();
    catalog.write(
        to -> {
          KeyTransaction ofKeys = keys == null ? null : keys.reading(results, sessions);
          for (int i = 0; i < operations.size(); i++) {
            take(operations.get(i), i, ofKeys, to, results);
          }
        });
    return results.answer(call.isPretty(), age()).response(call.ctx());
  }

  private Duration age() {
    Duration ofKeys = keys == null ? Duration.ZERO : contact.keys().age();
    Duration ofCatalog = contact.catalog().age();
    return ofKeys.compareTo(ofCatalog) > 0 ? ofKeys : ofCatalog;
  }

  private void take(
      TxnOperation operation,
      int index,
      @Nullable KeyTransaction ofKeys,
      CatalogWriter to,
      TxnResults results) {
    if (operation instanceof TxnOperation.OfKey of && ofKeys != null) {
      ofKeys.take(index, of);
      return;
    }
    String why = ofCatalog.take(operation, to, results);
    if (why != null) {
      results.fail(index, why);
    }
  }

  private HttpResponse transact(Call call, List<TxnOperation> operations) {
    Set<String> named = new HashSet<>();
    Map<String, Bytes> written = new HashMap<>();
    for (TxnOperation operation : operations) {
      if (operation instanceof TxnOperation.OfKey of && !of.isTree()) {
        named.add(of.key());
        if (of.isWrite() && !of.verb().startsWith("delete")) {
          written.put(of.key(), of.value());
        }
      }
    }
    KeyValues store = requireNonNull(keys);
    return writes.keys(
        call,
        store,
        written,
        results -> !results.isFailed(),
        () ->
            store.transact(
                named,
                transaction -> {
                  for (int i = 0; i < operations.size(); i++) {
                    transaction.take(i, (TxnOperation.OfKey) operations.get(i));
                  }
                },
                sessions),
        results -> results.answer(call.isPretty()));
  }

  private HttpResponse change(Call call, List<TxnOperation> operations) {
    if (!contact.isStoreInProcess()) {
      throw unkept(
          "Node, Service, Check: they are changed one by one before a shared store"
              + " (catalog/register, catalog/deregister)");
    }
    for (TxnOperation operation : operations) {
      requireAllowed(call, operation);
    }
    Set<InstanceId> registered = CatalogTransaction.registered(operations);
    registered.remove(new InstanceId(identity.node().name(), ""));
    Set<InstanceId> changed = new HashSet<>();
    TxnResults[] results = new TxnResults[1];
    writes.register(
        call,
        registered,
        CatalogTransaction.weigh(operations),
        () ->
            catalog.write(
                to -> {
                  changed.addAll(CatalogTransaction.changed(operations, to));
                  results[0] = ofCatalog.run(operations, to);
                }));
    return writes.answerCatalog(changed, registered, results[0].answer(call.isPretty()));
  }

  private void requireAllowed(Call call, TxnOperation operation) {
    if (!operation.isWrite()) {
      return;
    }
    String node = CatalogTransaction.nodeOf(operation);
    if (operation instanceof TxnOperation.OfNode of) {
      if (of.verb().startsWith("delete") && node.equals(identity.node().name())) {
        throw RefusedException.failed("Node: the centre's own node cannot be deregistered");
      }
      permissions.requireRegister(call.ctx(), "");
    } else if (operation instanceof TxnOperation.OfService of) {
      CatalogService known =
          catalog
              .look(view -> Optional.ofNullable(view.instance(new InstanceId(node, of.id()))))
              .map(HealthEntry::service)
              .orElse(null);
      if (known != null) {
        permissions.requireRegister(call.ctx(), known.name());
      }
      if (of.service() != null) {
        permissions.requireRegister(call.ctx(), of.service().name());
      }
    } else if (operation instanceof TxnOperation.OfCheck of) {
      CatalogCheck known = catalog.look(view -> view.check(node, of.check().id()));
      permissions.requireRegister(call.ctx(), known == null ? "" : known.serviceName());
    }
  }
}
