package dev.rollcall.spring;

import dev.rollcall.ServiceView;
import java.time.Duration;
import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import reactor.core.publisher.Flux;

/**
 * The passing instances of a service, for balancers of Spring Cloud's or the application's own. Not
 * to be cached: each list is the present one, and reading it costs no call.
 */
final class RollcallInstanceListSupplier implements ServiceInstanceListSupplier {
  private final ServiceView view;
  private final Duration await;

  RollcallInstanceListSupplier(ServiceView view, Duration await) {
    this.view = view;
    this.await = await;
  }

  @Override
  public String getServiceId() {
    return view.service();
  }

  @Override
  public Flux<List<ServiceInstance>> get() {
    return RollcallReactiveDiscoveryClient.within(await, view.service(), view::ready)
        .map(first -> RollcallServiceInstance.all(view.instances()))
        .flux();
  }
}
