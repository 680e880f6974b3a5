package consumer;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;

/**
 * Says who it is, calls others by their names and reads properties: by Spring's own means, so that
 * the source is the same whichever registry is on the class path.
 */
@SpringBootApplication
@RestController
public class Application {
  private static final long PATIENCE_MILLIS = 60_000;

  private final RestClient client;
  private final Environment environment;

  Application(RestClient.Builder clients, Environment environment) {
    this.client = clients.build();
    this.environment = environment;
  }

  @Bean
  @LoadBalanced
  static RestClient.Builder clients() {
    return RestClient.builder();
  }

  @GetMapping("/hello")
  String hello() {
    return environment.getProperty("spring.application.name")
        + " on "
        + environment.getProperty("stack");
  }

  @GetMapping("/call/{service}")
  String call(@PathVariable("service") String service) {
    return client.get().uri("http://{service}/hello", service).retrieve().body(String.class);
  }

  @GetMapping("/property/{name}")
  String property(@PathVariable("name") String name) {
    return environment.getProperty(name, "");
  }

  /** Serves; with {@code --once} it calls itself by its name, says the answer and ends. */
  public static void main(String[] args) throws InterruptedException {
    ConfigurableApplicationContext context = SpringApplication.run(Application.class, args);
    Environment environment = context.getEnvironment();
    if (environment.containsProperty("once")) {
      System.out.println("CALL " + callItself(context.getBean(Application.class), environment));
      context.close();
    } else {
      System.out.println("SERVING " + environment.getProperty("local.server.port"));
    }
  }

  /** It is found when it has started and the store has told of it. */
  private static String callItself(Application application, Environment environment)
      throws InterruptedException {
    String self = environment.getRequiredProperty("spring.application.name");
    long start = System.nanoTime();
    while (true) {
      try {
        return application.call(self);
      } catch (RestClientException | IllegalStateException notYet) {
        if (System.nanoTime() - start > PATIENCE_MILLIS * 1_000_000) {
          throw notYet;
        }
        Thread.sleep(50);
      }
    }
  }
}
