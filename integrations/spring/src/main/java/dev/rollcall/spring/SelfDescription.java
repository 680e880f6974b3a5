package dev.rollcall.spring;

import dev.rollcall.ServiceInstance;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
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
    int port = settings.port() == null ? local("server") : settings.port();
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
    int management = local("management");
    if (management > 0 && management != port) {
      instance.port("management", management);
    }
    customizers.forEach(each -> each.customize(instance));
    return Optional.of(instance.build());
  }

  /** The port that a web server really has; 0 where it does not run. */
  private int local(String server) {
    return environment.getProperty("local." + server + ".port", Integer.class, 0);
  }

  private String host() {
    String bound = environment.getProperty("server.address", "");
    return bound.isEmpty() || bound.equals("0.0.0.0") || bound.equals("::")
        ? machine.findFirstNonLoopbackHostInfo().getIpAddress()
        : bound;
  }

  private String scheme() {
    boolean secure =
        Stream.of("bundle", "key-store", "certificate")
            .anyMatch(each -> environment.containsProperty("server.ssl." + each));
    return secure && environment.getProperty("server.ssl.enabled", Boolean.class, true)
        ? "https"
        : "http";
  }
}
