package dev.rollcall.spring;

import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.CompletionContext;
import org.springframework.cloud.client.loadbalancer.LoadBalancerLifecycle;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.Response;

/**
 * Hears of the end of requests, so that the instance's are counted, and one that was not reached is
 * left out for a while. An answer of whatever status is no failure of the instance here.
 */
final class InFlightLifecycle implements LoadBalancerLifecycle<Object, Object, ServiceInstance> {

  @Override
  public void onStart(Request<Object> request) {}

  @Override
  public void onStartRequest(Request<Object> request, Response<ServiceInstance> chosen) {}

  @Override
  public void onComplete(CompletionContext<Object, ServiceInstance, Object> end) {
    Response<ServiceInstance> chosen = end.getLoadBalancerResponse();
    if (chosen != null && chosen.getServer() instanceof RollcallServiceInstance instance) {
      instance.requestEnded(end.status() == CompletionContext.Status.FAILED);
    }
  }
}
