package dev.rollcall.stork;

import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import io.smallrye.stork.api.Metadata;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An instance as Stork sees it. A call that fails ejects it from what Rollcall picks. Immutable.
 */
final class StorkInstance implements io.smallrye.stork.api.ServiceInstance {
  private final long id;
  private final ServiceInstance instance;
  private final boolean secure;
  private final ServiceView view;
  private final Map<String, String> labels;

  StorkInstance(long id, ServiceInstance instance, boolean secure, ServiceView view) {
    this.id = id;
    this.instance = instance;
    this.secure = secure;
    this.view = view;
    Map<String, String> all = new HashMap<>();
    instance.tags().forEach(tag -> all.put(tag, tag));
    all.putAll(instance.metadata());
    labels = Map.copyOf(all);
  }

  ServiceInstance instance() {
    return instance;
  }

  @Override
  public long getId() {
    return id;
  }

  @Override
  public String getHost() {
    return instance.host();
  }

  @Override
  public int getPort() {
    return instance.port();
  }

  @Override
  public Optional<String> getPath() {
    return Optional.empty();
  }

  @Override
  public boolean isSecure() {
    return secure;
  }

  /** The metadata, and each tag by its own name, as Stork's Consul discovery has them. */
  @Override
  public Map<String, String> getLabels() {
    return labels;
  }

  @Override
  public Metadata<RollcallMetadataKey> getMetadata() {
    return Metadata.of(
        RollcallMetadataKey.class,
        Map.of(
            RollcallMetadataKey.META_ROLLCALL_ID, instance.id(),
            RollcallMetadataKey.META_ROLLCALL_WEIGHT, instance.weight(),
            RollcallMetadataKey.META_ROLLCALL_ZONE, instance.zone()));
  }

  @Override
  public boolean gatherStatistics() {
    return true;
  }

  @Override
  public void recordEnd(@Nullable Throwable failure) {
    if (failure != null) {
      view.failed(instance);
    }
  }

  @Override
  public String toString() {
    return instance.toString();
  }
}
