package dev.rollcall.engine;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Arguments;
import dev.rollcall.Balancer;
import dev.rollcall.Filter;
import dev.rollcall.Pick;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A view with a filter or a balancer of its own, on a {@link CachedView} that it keeps alive. What
 * they need is computed when the service's state has changed and published whole: a read is one
 * volatile read.
 *
 * <p>{@code choice} is written by {@link #follow} alone, which the {@link WatchedService} calls for
 * one state after the other.
 */
final class BalancedView implements ServiceView {
  private static final ServiceInstance[] NONE = {};

  private final CachedView base;
  private final WatchedService watched;
  private final @Nullable Filter filter;
  private final Balancer balancer;
  private volatile Choice choice;

  /**
   * A state and the choice in it: the service's state, what the filter leaves of it, the instances
   * to choose from, and what chooses; null where there is nothing to choose from.
   */
  private static final class Choice {
    final ViewSnapshot source;
    final ViewSnapshot shown;
    final ViewCandidates candidates;
    final Balancer.@Nullable Picker picker;

    /** The candidates once more, as far as one array holds them: a step less to each. */
    final ServiceInstance[] first;

    Choice(
        ViewSnapshot source,
        ViewSnapshot shown,
        ViewCandidates candidates,
        Balancer.@Nullable Picker picker) {
      this.source = source;
      this.shown = shown;
      this.candidates = candidates;
      this.picker = picker;
      ServiceInstance[] array = candidates.instances().onlyArray();
      this.first = array == null ? NONE : array;
    }

    ServiceInstance get(int index) {
      return index < first.length ? first[index] : candidates.get(index);
    }
  }

  /** Creates a view of nothing, to be told of the present state before it is given away. */
  BalancedView(
      CachedView base, WatchedService watched, @Nullable Filter filter, Balancer balancer) {
    this.base = base;
    this.watched = watched;
    this.filter = filter;
    this.balancer = balancer;
    ViewSnapshot nothing = InstanceCache.nothing(base.service());
    this.choice =
        new Choice(nothing, nothing, watched.targets().candidates(InstanceList.EMPTY), null);
  }

  /** Takes the service's present state over. One call at a time. */
  void follow(ViewSnapshot source) {
    Choice before = choice;
    if (before.source.version() == source.version() && before.source.version() > 0) {
      return;
    }
    ViewSnapshot shown = filter == null ? source : filtered(source, before, filter);
    InstanceList eligible = shown.eligible();
    if (eligible.isSame(before.candidates.instances())) {
      choice = new Choice(source, shown, before.candidates, before.picker);
      return;
    }
    ViewCandidates candidates = watched.targets().candidates(eligible);
    choice =
        new Choice(
            source,
            shown,
            candidates,
            candidates.size() == 0 ? null : balancer.prepare(candidates, before.picker));
  }

  private static ViewSnapshot filtered(ViewSnapshot source, Choice before, Filter filter) {
    ViewSnapshot old = before.source;
    ViewSnapshot shown = before.shown;
    InstanceList all = source.all().isSame(old.all()) ? shown.all() : source.all().filtered(filter);
    InstanceList passing =
        source.instances().isSame(old.instances())
            ? shown.instances()
            : source.instances().filtered(filter);
    InstanceList eligible =
        source.eligible().isSame(source.instances())
            ? passing
            : source.eligible().isSame(old.eligible())
                ? shown.eligible()
                : source.eligible().filtered(filter);
    return new ViewSnapshot(
        source.service(),
        all,
        passing,
        eligible,
        source.version(),
        source.revision(),
        source.freshness(),
        source.all().size() - all.size());
  }

  @Override
  public String service() {
    return base.service();
  }

  @Override
  public List<ServiceInstance> instances() {
    return choice.shown.instances();
  }

  @Override
  public ServiceInstance pick() {
    Choice now = choice;
    Balancer.Picker picker = now.picker;
    if (picker == null) {
      throw watched.none(now.shown.explain().orElseThrow());
    }
    return now.get(picker.pick());
  }

  @Override
  public ServiceInstance pick(Object key) {
    return pick(KeyHash.of(Arguments.notNull("key", key, "")));
  }

  @Override
  public ServiceInstance pick(long key) {
    Choice now = choice;
    Balancer.Picker picker = now.picker;
    if (picker == null) {
      throw watched.none(now.shown.explain().orElseThrow());
    }
    return now.get(picker.pick(KeyHash.mix(key)));
  }

  @Override
  public Pick acquire() {
    Choice now = choice;
    Balancer.Picker picker = now.picker;
    if (picker == null) {
      throw watched.none(now.shown.explain().orElseThrow());
    }
    int index = picker.pick();
    return new TargetPick(now.get(index), now.candidates.target(index), watched);
  }

  @Override
  public Pick acquire(Collection<ServiceInstance> tried) {
    Untried untried = new Untried(service(), tried);
    Choice now = choice;
    Balancer.Picker picker = now.picker;
    for (int draws = picker == null ? 0 : Untried.DRAWS; draws > 0; draws--) {
      int index = requireNonNull(picker).pick();
      if (untried.includes(now.get(index))) {
        return new TargetPick(now.get(index), now.candidates.target(index), watched);
      }
    }
    ViewCandidates left = watched.targets().candidates(untried.left(now.shown, watched));
    int index = balancer.prepare(left, null).pick();
    return new TargetPick(left.get(index), left.target(index), watched);
  }

  @Override
  public Pick acquire(Object key, Collection<ServiceInstance> tried) {
    return acquire(KeyHash.of(Arguments.notNull("key", key, "")), tried);
  }

  @Override
  public Pick acquire(long key, Collection<ServiceInstance> tried) {
    Untried untried = new Untried(service(), tried);
    long hash = KeyHash.mix(key);
    Choice now = choice;
    Balancer.Picker picker = now.picker;
    if (picker != null) {
      int index = picker.pick(hash);
      if (!untried.includes(now.get(index))) {
        index = picker.pick(hash, n -> untried.includes(now.get(n)));
      }
      if (index >= 0) {
        return new TargetPick(now.get(index), now.candidates.target(index), watched);
      }
    }
    ViewCandidates left = watched.targets().candidates(untried.left(now.shown, watched));
    int index = balancer.prepare(left, null).pick(hash);
    return new TargetPick(left.get(index), left.target(index), watched);
  }

  @Override
  public void failed(ServiceInstance instance) {
    base.failed(instance);
  }

  @Override
  public ServiceView where(Filter more) {
    Arguments.notNull("filter", more, "");
    return watched.derive(base, filter == null ? more : filter.and(more), balancer);
  }

  @Override
  public ServiceView balancedBy(Balancer other) {
    return watched.derive(base, filter, Arguments.notNull("balancer", other, ""));
  }

  @Override
  public ViewSnapshot snapshot() {
    return choice.shown;
  }

  @Override
  public ViewSnapshot await(Duration timeout) {
    ViewSnapshot unused = base.await(timeout);
    watched.catchUp();
    return choice.shown;
  }

  @Override
  public CompletableFuture<Snapshot> ready() {
    return base.ready(
        () -> {
          watched.catchUp();
          return choice.shown;
        });
  }

  @Override
  public Flow.Publisher<Snapshot> publisher() {
    return subscriber -> watched.publish(subscriber, this::snapshot);
  }

  @Override
  public Subscription watch(ServiceListener listener) {
    return watched.watch(listener, this::snapshot);
  }

  @Override
  public String toString() {
    return "view of " + choice.shown;
  }
}
