package dev.rollcall.spring;

import dev.rollcall.ServiceInstance;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** Puts together how this application stands in the registry, once its ports are known. */
record SelfDescription(
    RollcallProperties properties,
    Environment environment,
    InetUtils machine,
    List<InstanceCustomizer> customizers) {

  static String service(RollcallProperties properties, Environment environment) {
    return text(properties.registration().service())
        .orElseGet(() -> environment.getProperty("spring.application.name", "application"));
  }

  static String zone(RollcallProperties properties, Environment environment) {
    return text(properties.zone())
        .orElseGet(() -> environment.getProperty("spring.cloud.loadbalancer.zone", ""));
  }

  private static Optional<String> text(@Nullable String value) {
    return StringUtils.hasText(value) ? Optional.of(value) : Optional.empty();
  }

  /** Empty where there is no port that others could call. */
  Optional<ServiceInstance> instance() {
    RollcallProperties.Registration settings = properties.registration();
    Integer configured = settings.port();
    int port =
        configured == null
            ? environment.getProperty("local.server.port", Integer.class, 0)
            : configured;
    if (port <= 0) {
      return Optional.empty();
    }
    String service = service(properties, environment);
    String host = text(settings.host()).orElseGet(this::host);
    ServiceInstance.Builder instance =
        ServiceInstance.builder(service)
            .id(text(settings.instanceId()).orElse(service + "-" + host + "-" + port))
            .address(host, port)
            .scheme(text(settings.scheme()).orElseGet(this::scheme))
            .weight(settings.weight())
            .zone(zone(properties, environment))
            .tags(settings.tags())
            .metadata(settings.metadata());
    settings.ports().forEach(instance::port);
    int management = environment.getProperty("local.management.port", Integer.class, 0);
    if (management > 0 && management != port) {
      instance.port("management", management);
    }
    customizers.forEach(each -> each.customize(instance));
    return Optional.of(instance.build());
  }

  private String host() {
    String bound = environment.getProperty("server.address", "");
    return bound.isEmpty() || bound.equals("0.0.0.0") || bound.equals("::")
        ? machine.findFirstNonLoopbackHostInfo().getIpAddress()
        : bound;
  }

  private String scheme() {
    boolean secure =
        environment.getProperty("server.ssl.enabled", Boolean.class, true)
            && (environment.containsProperty("server.ssl.bundle")
                || environment.containsProperty("server.ssl.key-store")
                || environment.containsProperty("server.ssl.certificate"));
    return secure ? "https" : "http";
  }
}
