package dev.rollcall.server.consul;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The catalog as the centre's page reads it: what Consul's API shows, with the moment at which each
 * check took its status. The centre itself, which is a service of its own node, is left out.
 * Thread-safe.
 *
 * @since 0.1.0
 */
public final class CatalogReader {
  private static final String CENTRE = "consul";

  private final CatalogIndex catalog;
  private final LocalAgent agent;
  private final StoreContact.Stream contact;

  CatalogReader(CatalogIndex catalog, LocalAgent agent, StoreContact.Stream contact) {
    this.catalog = catalog;
    this.agent = agent;
    this.contact = contact;
  }

  /**
   * Adds a listener that hears which instances have changed, in themselves or in a check, from the
   * next change on. It hears nothing of another output of the same status.
   *
   * @param listener called on the thread that makes the change; must only take note
   */
  public void onChange(Consumer<Set<InstanceId>> listener) {
    catalog.onChange(listener);
  }

  /**
   * Tells whether the store's first state is here.
   *
   * @return false until then
   */
  public boolean isKnown() {
    return contact.isKnown();
  }

  /**
   * Returns the name of the centre's own node.
   *
   * @return the name
   */
  public String ownNode() {
    return agent.self().name();
  }

  /**
   * Returns which instances there are.
   *
   * @return a new list
   */
  public List<InstanceId> instances() {
    List<InstanceId> all = catalog.look(CatalogView::instances);
    all.removeIf(this::isCentre);
    return all;
  }

  /**
   * Returns an instance as it is now.
   *
   * @param id which
   * @return the instance; empty where it is not there
   */
  public Optional<ListedInstance> instance(InstanceId id) {
    return isCentre(id)
        ? Optional.empty()
        : Optional.ofNullable(catalog.look(view -> view.instance(id)))
            .map(entry -> new ListedInstance(id, entry));
  }

  /**
   * Tells whether an instance was registered with this centre as with an agent, so that the paths
   * of {@code /v1/agent/service/} lead to it.
   *
   * @param id which
   * @return whether it was
   */
  public boolean isAgents(InstanceId id) {
    return id.node().equals(ownNode()) && agent.service(id.id()).isPresent();
  }

  /**
   * Returns the nodes with their own checks.
   *
   * @return a new list, in the order of their names
   */
  public List<ListedNode> nodes() {
    return catalog.look(
        view ->
            view.nodes().stream()
                .map(
                    node ->
                        new ListedNode(
                            node.name(), node.address(), node.meta(), checks(view, node.name())))
                .toList());
  }

  private static List<ListedCheck> checks(CatalogView view, String node) {
    return view.checksOf(node, "").stream().map(ListedCheck::of).toList();
  }

  private boolean isCentre(InstanceId id) {
    return id.id().equals(CENTRE) && id.node().equals(ownNode());
  }

  /**
   * A node with the checks that bear on all of its services. Immutable.
   *
   * @param name its name
   * @param address its address
   * @param metadata its metadata
   * @param checks its own checks, by ID
   */
  public record ListedNode(
      String name, String address, Map<String, String> metadata, List<ListedCheck> checks) {}
}
