package dev.rollcall.consul;

import dev.rollcall.spi.Lease;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A lease as the engine sees it. */
record ConsulLease(Duration ttl, Supplier<CompletableFuture<@Nullable Void>> renewal)
    implements Lease {
  @Override
  public CompletionStage<Void> renew() {
    return renewal.get();
  }
}
