package dev.rollcall.server.dependencies;

import dev.rollcall.Change;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A service that one member or more require: one watch for all of them. Confined to the loop of
 * {@link DependencyRegistry}.
 */
final class Watched {
  private final DependencyRegistry dependencies;
  private final String service;
  final Set<Member> dependants = new LinkedHashSet<>();
  private final Subscription subscription;
  // Null until the registry has said who is there.
  @Nullable Set<Provided> providers;

  Watched(DependencyRegistry dependencies, String service) {
    this.dependencies = dependencies;
    this.service = service;
    // The view calls its listener one at a time and waits for it, but a step only looks at the
    // latest state, so that it does no harm to hand over and return.
    subscription =
        dependencies
            .registry
            .service(service)
            .watch((Change change) -> dependencies.run(() -> changed(change)));
  }

  private void changed(Change change) {
    Set<Provided> now = new LinkedHashSet<>();
    for (ServiceInstance instance : change.now().instances()) {
      urlOf(instance).ifPresent(url -> now.add(new Provided(service, url)));
    }
    if (!now.equals(providers)) {
      providers = now;
      List.copyOf(dependants).forEach(Member::tell);
    }
  }

  void leave(Member member) {
    dependants.remove(member);
    if (dependants.isEmpty() && dependencies.watched.remove(service, this)) {
      subscription.close();
    }
  }

  private static Optional<String> urlOf(ServiceInstance instance) {
    String own = instance.metadata().get(DependencyRequest.URL_KEY);
    if (own != null && instance.tags().contains(DependencyRequest.TAG)) {
      return Optional.of(own);
    }
    if (!instance.scheme().equals("http") && !instance.scheme().equals("https")) {
      return Optional.empty();
    }
    String host = instance.host();
    return Optional.of(
        instance.scheme()
            + "://"
            + (host.indexOf(':') >= 0 ? "[" + host + "]" : host)
            + ":"
            + instance.port());
  }
}
