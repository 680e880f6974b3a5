package dev.rollcall.spring;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Applications as a user writes them, on free ports of the loopback interface. */
final class Apps {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  // What is on the class path for single tests, and would be part of every application.
  static final String NO_WEBFLUX_GATEWAY = "spring.cloud.gateway.server.webflux.enabled=false";
  static final String NO_WEBMVC_GATEWAY =
      "spring.autoconfigure.exclude="
          + "org.springframework.cloud.gateway.server.mvc.GatewayMvcClassPathWarningAutoConfiguration,"
          + "org.springframework.cloud.gateway.server.mvc.GatewayServerMvcAutoConfiguration,"
          + "org.springframework.cloud.gateway.server.mvc.config.DefaultFunctionConfiguration,"
          + "org.springframework.cloud.gateway.server.mvc.filter.FilterAutoConfiguration,"
          + "org.springframework.cloud.gateway.server.mvc.handler.GatewayMultipartAutoConfiguration,"
          + "org.springframework.cloud.gateway.server.mvc.handler.HandlerFunctionAutoConfiguration,"
          + "org.springframework.cloud.gateway.server.mvc.predicate.PredicateAutoConfiguration";
  static final String NO_SPRING_CLOUD_CONSUL = "spring.cloud.consul.enabled=false";

  private Apps() {}

  /** One without a web server. */
  static ConfigurableApplicationContext plain(Class<?> application, String... arguments) {
    return run(application, "none", arguments);
  }

  /** One with a web server. */
  static ConfigurableApplicationContext web(Class<?> application, String... arguments) {
    return run(application, "servlet", arguments);
  }

  /** One with a reactive web server. */
  static ConfigurableApplicationContext reactive(Class<?> application, String... arguments) {
    return run(application, "reactive", arguments);
  }

  private static ConfigurableApplicationContext run(
      Class<?> application, String type, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--spring.main.web-application-type=" + type,
                "--spring.main.banner-mode=off",
                "--spring.main.register-shutdown-hook=false",
                "--logging.config=classpath:logback-test.xml",
                "--server.address=127.0.0.1",
                "--server.port=0",
                "--rollcall.registration.drain=0s"));
    all.addAll(List.of(arguments));
    return start(application, all.toArray(String[]::new));
  }

  private static ConfigurableApplicationContext start(Class<?> application, String... arguments) {
    return new SpringApplicationBuilder(application, Apart.class)
        .properties(NO_WEBFLUX_GATEWAY, NO_WEBMVC_GATEWAY, NO_SPRING_CLOUD_CONSUL)
        .run(arguments);
  }

  static int port(ConfigurableApplicationContext application, String name) {
    return application
        .getEnvironment()
        .getRequiredProperty("local." + name + ".port", Integer.class);
  }

  static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(30))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Threads of Reactor's own: those that all share end with the first application. */
  @Configuration(proxyBeanMethods = false)
  static class Apart {
    @Bean
    ReactorResourceFactory reactorResourceFactory() {
      ReactorResourceFactory own = new ReactorResourceFactory();
      own.setUseGlobalResources(false);
      return own;
    }
  }

  /** Nothing but what the class path brings. */
  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Bare {}

  /** Says its port. */
  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Orders {
    public static void main(String[] arguments) {
      start(Orders.class, arguments);
    }

    @Bean
    Hello hello(Environment environment) {
      return new Hello(environment);
    }
  }

  /** A controller. */
  @RestController
  static class Hello {
    private final Environment environment;

    Hello(Environment environment) {
      this.environment = environment;
    }

    @GetMapping("/hello")
    String hello() {
      return environment.getRequiredProperty("local.server.port");
    }
  }
}
