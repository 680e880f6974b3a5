package dev.rollcall.testkit;

import static java.util.Objects.requireNonNull;

import dev.rollcall.InstanceKey;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.concurrent.CompletionStage;

/**
 * A backend that passes every call on to another one: what backends with a twist extend.
 *
 * @since 0.1.0
 */
public class ForwardingBackend implements RegistryBackend {
  private final RegistryBackend to;

  /**
   * Creates a backend in front of another one.
   *
   * @param to where the calls go; closed with this one
   */
  public ForwardingBackend(RegistryBackend to) {
    this.to = requireNonNull(to, "to");
  }

  @Override
  public Capabilities capabilities() {
    return to.capabilities();
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    return to.register(request, listener);
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return to.deregister(key, owner);
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    return to.watch(selector, sink);
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return to.snapshot(selector);
  }

  @Override
  public void close() {
    to.close();
  }
}
