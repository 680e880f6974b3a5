package dev.rollcall.memory;

import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import java.util.List;
import java.util.Map;

/** Something that waits to be given to a sink. */
sealed interface Delivery {

  /** The state that a watcher selects, with the services whose removals are withheld, and why. */
  record State(List<ServiceInstance> instances, Map<String, String> withheld, long revision)
      implements Delivery {}

  /** One change; shared by all watchers that see it. */
  record Changed(List<InstanceEvent> events, long revision) implements Delivery {}

  /** The store begins to withhold removals of a service, or, where the reason is empty, ends. */
  record Withheld(String service, String reason) implements Delivery {}
}
