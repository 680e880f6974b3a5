package dev.rollcall.examples.boot.customers;

import java.util.Map;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** Knows the customers' names, and asks the other service how many orders each one has. */
@SpringBootApplication
@RestController
public class CustomersApplication {
  private static final Map<Integer, String> NAMES = Map.of(1, "Ada", 2, "Ben");

  private final RestClient orders;

  CustomersApplication(RestClient.Builder clients) {
    orders = clients.baseUrl("http://orders").build(); // the name of a service
  }

  /** With a client that is load-balanced, the host of a URL is the name of a service. */
  @Bean
  @LoadBalanced
  static RestClient.Builder clients() {
    return RestClient.builder();
  }

  @GetMapping("/customers/{id}")
  String customer(@PathVariable("id") int id) {
    String count = orders.get().uri("/counts/{id}", id).retrieve().body(String.class);
    return name(id) + " has " + count + " orders";
  }

  @GetMapping("/names/{id}")
  String name(@PathVariable("id") int id) {
    return NAMES.getOrDefault(id, "nobody");
  }

  /**
   * Starts the service, with the properties of {@code customers.properties}.
   *
   * @param arguments properties that count before those of the file
   * @return the running service
   */
  public static ConfigurableApplicationContext start(String... arguments) {
    return new SpringApplicationBuilder(CustomersApplication.class)
        .properties("spring.config.name=customers")
        .run(arguments);
  }
}
