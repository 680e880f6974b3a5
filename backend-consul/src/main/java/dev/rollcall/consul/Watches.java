package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegistryBackend.Watch;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.BrokenClassPath;
import dev.rollcall.spi.support.Futures;
import dev.rollcall.spi.support.SharedByKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Assigns each watch to a feed. The first {@value #DIRECT} services have a blocking query each.
 * Watches of further services, and those of everything, share the two queries of {@link
 * CatalogFeed}. So the number of connections has a bound, whatever is watched. A watch stays with
 * its feed until it is closed.
 *
 * <p>{@code feeds} guards the fields; feeds are called outside it. Sinks are called by the
 * gateway's threads that read an answer, and by the timer's when a deadline has passed.
 */
final class Watches implements AutoCloseable {
  static final int DIRECT = 8;
  static final Logger LOG = LoggerFactory.getLogger(ConsulBackend.class);

  private final ConsulGateway gateway;
  private final ConsulBackendSettings settings;
  private final InstanceCodec codec;
  private final Timer timer;
  private final SharedBackoff reconnection;
  private final CatalogFeed catalog;
  private final SharedByKey<String, ServiceFeed> feeds = new SharedByKey<>();
  private final Set<Watch> open = new HashSet<>();
  private boolean closed;

  Watches(ConsulGateway gateway, ConsulBackendSettings settings, InstanceCodec codec, Timer timer) {
    this.gateway = gateway;
    this.settings = settings;
    this.codec = codec;
    this.timer = timer;
    this.reconnection = gateway.backoff();
    this.catalog = new CatalogFeed(gateway, settings, codec, timer, reconnection);
  }

  Watch watch(Selector selector, WatchSink sink) {
    SinkMailbox<WatchSink> mailbox = SinkMailbox.of(sink);
    Runnable join;
    Runnable leave;
    if (selector instanceof Selector.OfService one) {
      ServiceFeed direct = direct(one.name());
      if (direct != null) {
        join = () -> direct.join(mailbox);
        leave = () -> leave(one.name(), direct, mailbox);
      } else {
        join = () -> catalog.join(one.name(), mailbox);
        leave = () -> catalog.leave(one.name(), mailbox);
      }
    } else {
      join = () -> catalog.joinEverything(mailbox);
      leave = () -> catalog.leaveEverything(mailbox);
    }
    AtomicBoolean left = new AtomicBoolean();
    Watch watch =
        new Watch() {
          @Override
          public void close() {
            if (left.compareAndSet(false, true)) {
              synchronized (feeds) {
                open.remove(this);
              }
              leave.run();
            }
            mailbox.close();
          }
        };
    synchronized (feeds) {
      open.add(watch);
    }
    join.run();
    return watch;
  }

  /** Takes part in a service's own feed; null where it has none, and gets none. */
  private @Nullable ServiceFeed direct(String service) {
    synchronized (feeds) {
      return feeds.contains(service) || (feeds.size() < DIRECT && !closed)
          ? feeds.join(
              service,
              () -> new ServiceFeed(service, gateway, settings, codec, timer, reconnection))
          : null;
    }
  }

  private void leave(String service, ServiceFeed feed, SinkMailbox<WatchSink> mailbox) {
    boolean last;
    synchronized (feeds) {
      last = feeds.leave(service, feed);
    }
    feed.leave(mailbox);
    if (last) {
      feed.close();
    }
  }

  /** Tells whether an instance of the first list is missing in the second. */
  static boolean lacks(List<ServiceInstance> before, List<ServiceInstance> now) {
    Set<String> ids = new HashSet<>();
    now.forEach(instance -> ids.add(instance.id()));
    return before.stream().anyMatch(instance -> !ids.contains(instance.id()));
  }

  /** Makes the failure of a store that is at an older state than before, or is another one. */
  static RegistryException reset(ConsulBackendSettings settings) {
    return RegistryException.unavailable(settings + ": its index went back: a reset", null);
  }

  /**
   * Tells whether the agent has answered and refuses the query itself. Such a watch asks again
   * slowly, at a pace of its own: in the shared back-off it would take the turns of the others.
   */
  static boolean isRefusal(RegistryException cause) {
    return cause.kind() == RegistryException.Kind.DENIED
        || cause.kind() == RegistryException.Kind.INVALID;
  }

  static RegistryException cause(Throwable failed) {
    Throwable cause = Futures.cause(failed);
    return cause instanceof RegistryException known
        ? known
        : BrokenClassPath.in(cause)
            .orElseGet(() -> RegistryException.unavailable("the watch failed: " + cause, cause));
  }

  @Override
  public void close() {
    List<Watch> left;
    synchronized (feeds) {
      closed = true;
      left = new ArrayList<>(open);
    }
    left.forEach(Watch::close);
  }
}
