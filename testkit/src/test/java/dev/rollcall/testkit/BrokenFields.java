package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Backends that overlook a field, change a text, or hide who has an unusual name. */
final class BrokenFields {
  private BrokenFields() {}

  /** The fields that can change alone. */
  enum Field {
    HOST(ServiceInstance::host),
    PORT(ServiceInstance::port),
    SCHEME(ServiceInstance::scheme),
    TAGS(ServiceInstance::tags),
    METADATA(ServiceInstance::metadata),
    WEIGHT(ServiceInstance::weight),
    ZONE(ServiceInstance::zone),
    ADDRESSES(ServiceInstance::addresses),
    HEALTH(ServiceInstance::health);

    @SuppressWarnings("ImmutableEnumChecker") // each is a reference to a method
    private final Function<ServiceInstance, Object> of;

    Field(Function<ServiceInstance, Object> of) {
      this.of = of;
    }

    /** Whether nothing but this has changed. */
    boolean alone(@Nullable ServiceInstance was, ServiceInstance is) {
      if (was == null || was.equals(is)) {
        return false;
      }
      for (Field field : values()) {
        if (field != this && !field.of.apply(was).equals(field.of.apply(is))) {
          return false;
        }
      }
      return true;
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedHosts extends Overlooking {
    OverlooksChangedHosts() {
      super(Field.HOST);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedHosts extends Keeping {
    WritesNoChangedHosts() {
      super(Field.HOST);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedPorts extends Overlooking {
    OverlooksChangedPorts() {
      super(Field.PORT);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedPorts extends Keeping {
    WritesNoChangedPorts() {
      super(Field.PORT);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedSchemes extends Overlooking {
    OverlooksChangedSchemes() {
      super(Field.SCHEME);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedSchemes extends Keeping {
    WritesNoChangedSchemes() {
      super(Field.SCHEME);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedTags extends Overlooking {
    OverlooksChangedTags() {
      super(Field.TAGS);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedTags extends Keeping {
    WritesNoChangedTags() {
      super(Field.TAGS);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedMetadata extends Overlooking {
    OverlooksChangedMetadata() {
      super(Field.METADATA);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedMetadata extends Keeping {
    WritesNoChangedMetadata() {
      super(Field.METADATA);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedWeights extends Overlooking {
    OverlooksChangedWeights() {
      super(Field.WEIGHT);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedWeights extends Keeping {
    WritesNoChangedWeights() {
      super(Field.WEIGHT);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedZones extends Overlooking {
    OverlooksChangedZones() {
      super(Field.ZONE);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedZones extends Keeping {
    WritesNoChangedZones() {
      super(Field.ZONE);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedFurtherAddresses extends Overlooking {
    OverlooksChangedFurtherAddresses() {
      super(Field.ADDRESSES);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedFurtherAddresses extends Keeping {
    WritesNoChangedFurtherAddresses() {
      super(Field.ADDRESSES);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofASingleField"})
  static class OverlooksChangedHealth extends Overlooking {
    OverlooksChangedHealth() {
      super(Field.HEALTH);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_eachFieldAlone"})
  static class WritesNoChangedHealth extends Keeping {
    WritesNoChangedHealth() {
      super(Field.HEALTH);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_ofUnusualNames"})
  static class HidesIdsWithAColon extends Hiding {
    @Override
    boolean hides(InstanceKey key) {
      return key.id().indexOf(':') >= 0;
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_underUnusualNames"})
  static class ListsNoIdsWithAColon extends ListingNo {
    @Override
    boolean hides(InstanceKey key) {
      return key.id().indexOf(':') >= 0;
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_ofUnusualNames"})
  static class HidesIdsThatBeginWithADot extends Hiding {
    @Override
    boolean hides(InstanceKey key) {
      return key.id().startsWith(".");
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_underUnusualNames"})
  static class ListsNoIdsThatBeginWithADot extends ListingNo {
    @Override
    boolean hides(InstanceKey key) {
      return key.id().startsWith(".");
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_ofUnusualNames"})
  static class HidesIdsThatBeginWithAnUnderscore extends Hiding {
    @Override
    boolean hides(InstanceKey key) {
      return key.id().startsWith("_");
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_underUnusualNames"})
  static class ListsNoIdsThatBeginWithAnUnderscore extends ListingNo {
    @Override
    boolean hides(InstanceKey key) {
      return key.id().startsWith("_");
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w11_everything_ofUnusualNames"})
  static class HidesServicesThatBeginWithADot extends Hiding {
    @Override
    boolean hides(InstanceKey key) {
      return key.service().startsWith(".");
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w11_everything_ofUnusualNames"})
  static class HidesServicesThatBeginWithAnUnderscore extends Hiding {
    @Override
    boolean hides(InstanceKey key) {
      return key.service().startsWith("_");
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w11_everything_ofUnusualNames"})
  static class HidesServicesWithAColon extends Hiding {
    @Override
    boolean hides(InstanceKey key) {
      return key.service().indexOf(':') >= 0;
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class LowersMetadataKeys extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      ServiceInstance.Builder lower = is.instance().toBuilder().metadata(Map.of());
      is.instance().metadata().forEach((key, value) -> lower.metadata(low(key), value));
      return with(is, lower.build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class LowersMetadataValues extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      ServiceInstance.Builder lower = is.instance().toBuilder();
      is.instance().metadata().forEach((key, value) -> lower.metadata(key, low(value)));
      return with(is, lower.build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class LowersTags extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      List<String> tags = is.instance().tags().stream().map(BrokenFields::low).toList();
      return with(is, is.instance().toBuilder().tags(tags).build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class SortsTags extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return with(is, is.instance().toBuilder().tags(new TreeSet<>(is.instance().tags())).build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class TrimsValues extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      ServiceInstance.Builder trimmed = is.instance().toBuilder();
      is.instance().metadata().forEach((key, value) -> trimmed.metadata(key, value.trim()));
      return with(is, trimmed.build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class LowersZones extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return with(is, is.instance().toBuilder().zone(low(is.instance().zone())).build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class LowersIds extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return with(is, is.instance().toBuilder().id(low(is.instance().id())).build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_caseAndOrderSurvive"})
  static class ForgetsEmptyValues extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      Map<String, String> kept = new HashMap<>(is.instance().metadata());
      kept.values().removeIf(String::isEmpty);
      return with(is, is.instance().toBuilder().metadata(kept).build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_keysWithDotsAndSlashesSurvive"})
  static class EscapesKeysForGood extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      ServiceInstance.Builder escaped = is.instance().toBuilder().metadata(Map.of());
      is.instance()
          .metadata()
          .forEach((key, value) -> escaped.metadata(key.replaceAll("[./]", "_"), value));
      return with(is, escaped.build());
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"r1_namedPortsAreVisible"})
  static class ForgetsPortsAtTheSameHost extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      ServiceInstance instance = is.instance();
      ServiceInstance.Builder one = instance.toBuilder();
      instance.addresses().keySet().forEach(name -> one.port(name, instance.port()));
      return with(is, one.build());
    }
  }

  private static String low(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** Takes an instance of which one field alone has changed for the same as before. */
  abstract static class Overlooking extends BrokenStreams.Streaming {
    private final Field field;

    Overlooking(Field field) {
      this.field = field;
    }

    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      Map<InstanceKey, ServiceInstance> known = new HashMap<>();
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
          instances.forEach(instance -> known.put(instance.key(), instance));
          super.replace(scope, instances, revision);
        }

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (events.get(0) instanceof InstanceEvent.Put put
              && field.alone(known.put(put.key(), put.instance()), put.instance())) {
            return;
          }
          super.apply(events, revision);
        }
      };
    }
  }

  /** Writes nothing where one field alone has changed. */
  abstract static class Keeping extends BrokenContract {
    private final Map<InstanceKey, ServiceInstance> last = new ConcurrentHashMap<>();
    private final Field field;

    Keeping(Field field) {
      this.field = field;
    }

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          ServiceInstance was = last.get(is.instance().key());
          ServiceInstance now = field.alone(was, is.instance()) ? was : is.instance();
          last.put(now.key(), now);
          return super.register(BrokenBackends.Requesting.with(is, now), listener);
        }

        @Override
        public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
          last.remove(key);
          return super.deregister(key, owner);
        }
      };
    }
  }

  /** Shows some instances in no watch. */
  abstract static class Hiding extends BrokenStreams.Streaming {
    abstract boolean hides(InstanceKey key);

    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
          super.replace(scope, without(instances), revision);
        }

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (!hides(events.get(0).key())) {
            super.apply(events, revision);
          }
        }
      };
    }

    final List<ServiceInstance> without(Collection<ServiceInstance> all) {
      return all.stream().filter(instance -> !hides(instance.key())).toList();
    }
  }

  /** Lists some instances in no snapshot. */
  abstract static class ListingNo extends BrokenContract {
    abstract boolean hides(InstanceKey key);

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Listing> snapshot(Selector selector) {
          return super.snapshot(selector)
              .thenApply(
                  all ->
                      new Listing(
                          all.instances().stream().filter(i -> !hides(i.key())).toList(),
                          all.revision()));
        }
      };
    }
  }
}
