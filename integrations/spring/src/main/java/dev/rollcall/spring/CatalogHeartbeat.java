package dev.rollcall.spring;

import dev.rollcall.Registry;
import dev.rollcall.Subscription;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.client.discovery.event.HeartbeatEvent;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;

/**
 * Publishes a {@link HeartbeatEvent} whenever the catalog has changed, the first state included, on
 * a thread of the registry's listeners.
 */
final class CatalogHeartbeat implements SmartLifecycle {
  private final Registry registry;
  private final ApplicationEventPublisher events;
  private final AtomicLong beats = new AtomicLong();
  private volatile @Nullable Subscription watching; // written by start and stop, one at a time

  CatalogHeartbeat(Registry registry, ApplicationEventPublisher events) {
    this.registry = registry;
    this.events = events;
  }

  @Override
  public void start() {
    watching =
        registry
            .catalog()
            .watch(
                change -> events.publishEvent(new HeartbeatEvent(this, beats.incrementAndGet())));
  }

  @Override
  public void stop() {
    Subscription ended = watching;
    watching = null;
    if (ended != null) {
      ended.close();
    }
  }

  @Override
  public boolean isRunning() {
    return watching != null;
  }
}
