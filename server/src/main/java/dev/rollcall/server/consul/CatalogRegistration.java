package dev.rollcall.server.consul;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What {@code catalog/register} asks for: a node, perhaps with a service and checks. */
record CatalogRegistration(
    @Nullable CatalogNode node,
    String nodeName,
    Optional<CatalogService> service,
    List<CatalogCheck> checks) {

  static CatalogRegistration of(Fields fields) {
    String name = fields.text("Node");
    String address = fields.text("Address");
    boolean skip = fields.flag("SkipNodeUpdate");
    Unkept.requireFields(fields);
    if (name.isEmpty()) {
      throw RefusedException.failed("Must provide node");
    }
    ServiceDefinition.requireName("Node", name);
    Paths.requireNameable("Node", name);
    if (address.isEmpty() && !skip) {
      throw RefusedException.failed("Must provide address if SkipNodeUpdate is not set");
    }
    Map<String, String> tagged = fields.map("TaggedAddresses");
    CatalogNode node =
        skip
            ? null
            : new CatalogNode(
                fields.text("ID"),
                name,
                address,
                tagged,
                fields.map("NodeMeta"),
                Locality.of(fields),
                0,
                0);
    Optional<CatalogService> service =
        fields.object("Service").map(of -> ServiceDefinition.ofCatalog(of, name));
    List<CatalogCheck> checks = new ArrayList<>();
    fields.object("Check").ifPresent(check -> checks.add(check(check, name)));
    fields.objects("Checks").forEach(check -> checks.add(check(check, name)));
    return new CatalogRegistration(node, name, service, checks);
  }

  static CatalogCheck check(Fields fields, String node) {
    String name = fields.text("Name");
    String id = fields.text("CheckID");
    String status = fields.text("Status");
    if (!status.isEmpty() && !CatalogCheck.isStatus(status)) {
      throw RefusedException.failed("Invalid check status: '" + Fields.shown(status) + "'");
    }
    return new CatalogCheck(
        node,
        CheckDefinition.requireId(id.isEmpty() ? name : id),
        name,
        status.isEmpty() ? CatalogCheck.CRITICAL : status,
        fields.prose("Notes"),
        fields.prose("Output"),
        fields.text("ServiceID"),
        "",
        List.of(),
        fields.text("Type"),
        0,
        0);
  }

  /** Returns what the node, the service and their checks will weigh. Under the catalog's lock. */
  long weigh(CatalogView view) {
    long weight = node == null ? 0 : Weight.of(node);
    Set<String> given = new HashSet<>();
    for (CatalogCheck check : checks) {
      given.add(check.id());
      CatalogService of =
          service
              .filter(asked -> asked.id().equals(check.serviceId()))
              .orElseGet(() -> view.service(new InstanceId(nodeName, check.serviceId())));
      weight += Weight.of(check) + (of == null ? 0 : Weight.texts(of.tags()));
    }
    List<CatalogCheck> kept = new ArrayList<>();
    if (node != null) {
      kept.addAll(view.checksOf(nodeName, ""));
    }
    kept.removeIf(check -> given.contains(check.id()));
    weight += Weight.checks(kept, List.of());
    if (service.isPresent()) {
      CatalogService asked = service.get();
      kept = new ArrayList<>(view.checksOf(nodeName, asked.id()));
      kept.removeIf(check -> given.contains(check.id()));
      weight += Weight.of(asked) + Weight.checks(kept, asked.tags());
    }
    return weight;
  }

  private void requireRoom(CatalogWriter to) {
    Map<String, Set<String>> of = new HashMap<>();
    for (CatalogCheck check : checks) {
      of.computeIfAbsent(check.serviceId(), id -> new HashSet<>(to.checksOf(nodeName, id)))
          .add(check.id());
    }
    of.values().forEach(CatalogCheck::requireRoom);
  }

  /** Returns what the change bears on: services, and the node where the ID is empty. */
  Set<InstanceId> changed() {
    Set<InstanceId> changed = new HashSet<>();
    if (node != null) {
      changed.add(new InstanceId(nodeName, ""));
    }
    service.ifPresent(of -> changed.add(new InstanceId(nodeName, of.id())));
    checks.forEach(check -> changed.add(new InstanceId(nodeName, check.serviceId())));
    return changed;
  }

  /** Makes the change, or none where it is refused. Under the catalog's lock. */
  void apply(CatalogWriter to) {
    if (node == null && to.node(nodeName) == null) {
      throw RefusedException.failed("Must provide address if SkipNodeUpdate is not set");
    }
    for (CatalogCheck check : checks) {
      String id = check.serviceId();
      if (!id.isEmpty()
          && service.filter(of -> of.id().equals(id)).isEmpty()
          && to.service(nodeName, id) == null) {
        throw RefusedException.failed("Missing service registration");
      }
    }
    requireRoom(to);
    if (node != null) {
      to.putNode(node);
    }
    service.ifPresent(to::putService);
    checks.forEach(check -> put(to, check));
  }

  /** Puts a check with the name and the tags of its service. */
  static void put(CatalogWriter to, CatalogCheck check) {
    CatalogService of =
        check.serviceId().isEmpty() ? null : to.service(check.node(), check.serviceId());
    to.putCheck(
        of == null
            ? check
            : new CatalogCheck(
                check.node(),
                check.id(),
                check.name(),
                check.status(),
                check.notes(),
                check.output(),
                of.id(),
                of.name(),
                of.tags(),
                check.type(),
                0,
                0));
  }
}
