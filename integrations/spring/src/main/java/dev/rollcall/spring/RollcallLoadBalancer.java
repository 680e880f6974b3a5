package dev.rollcall.spring;

import dev.rollcall.Freshness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Pick;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceView;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.CompletionContext;
import org.springframework.cloud.client.loadbalancer.DefaultResponse;
import org.springframework.cloud.client.loadbalancer.EmptyResponse;
import org.springframework.cloud.client.loadbalancer.LoadBalancerLifecycle;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.client.loadbalancer.RetryableRequestContext;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import reactor.core.publisher.Mono;

/**
 * Chooses by a view of Rollcall's: its balancer, its zones, its requests in flight, its ejection. A
 * choice is one read of a state once the first state is there; no thread waits for that.
 *
 * <p>A request counts as in flight from its choice until Spring Cloud tells of its end. An instance
 * that was not reached is left out for a while; an answer of whatever status is no failure of the
 * instance here. A choice that is no request's, as {@code LoadBalancerClient.choose(name)}, is not
 * counted: nobody says when it ends.
 */
final class RollcallLoadBalancer
    implements ReactorServiceInstanceLoadBalancer,
        LoadBalancerLifecycle<Object, Object, ServiceInstance> {
  private static final Logger LOG = LoggerFactory.getLogger(RollcallLoadBalancer.class);

  private final ServiceView view;
  private final Duration await;
  final PicksInFlight inFlight = new PicksInFlight();

  RollcallLoadBalancer(ServiceView view, Duration await) {
    this.view = view;
    this.await = await;
  }

  @Override
  public Mono<Response<ServiceInstance>> choose(
      @SuppressWarnings("rawtypes") // as Spring Cloud declares it
          Request request) {
    if (!(view.snapshot().freshness() instanceof Freshness.Loading)) {
      return Mono.fromSupplier(() -> choice(request));
    }
    return RollcallReactiveDiscoveryClient.within(await, view.service(), view::ready)
        .map(first -> choice(request))
        .onErrorResume(RegistryException.class, e -> Mono.just(none(e)));
  }

  @Override
  public void onStart(Request<Object> request) {}

  @Override
  public void onStartRequest(Request<Object> request, Response<ServiceInstance> chosen) {}

  @Override
  public void onComplete(CompletionContext<Object, ServiceInstance, Object> end) {
    Response<ServiceInstance> chosen = end.getLoadBalancerResponse();
    if (chosen != null && chosen.hasServer()) {
      inFlight.end(chosen.getServer(), end.status() == CompletionContext.Status.FAILED);
    }
  }

  private Response<ServiceInstance> choice(Request<?> request) {
    try {
      return new DefaultResponse(
          request == REQUEST
              ? new RollcallServiceInstance(view.pick())
              : inFlight.count(acquire(request)));
    } catch (NoInstanceException e) {
      return none(e);
    }
  }

  /** A retry is given another instance, as long as there is one. */
  private Pick acquire(Request<?> request) {
    if (request.getContext() instanceof RetryableRequestContext retry
        && retry.getPreviousServiceInstance() instanceof RollcallServiceInstance previous) {
      try {
        return view.acquire(List.of(previous.instance()));
      } catch (NoInstanceException e) {
        LOG.debug("Only the instance that has failed is left: {}", e.getMessage());
      }
    }
    return view.acquire();
  }

  /** Spring Cloud says itself that there is none, and not why. */
  private static Response<ServiceInstance> none(RegistryException why) {
    LOG.debug("No instance chosen: {}", why.getMessage());
    return new EmptyResponse();
  }
}
