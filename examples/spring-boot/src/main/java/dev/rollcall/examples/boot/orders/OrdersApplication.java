package dev.rollcall.examples.boot.orders;

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

/** Knows which customer each order is of, and asks the other service for his name. */
@SpringBootApplication
@RestController
public class OrdersApplication {
  private static final Map<Integer, Integer> CUSTOMER_OF_ORDER = Map.of(1, 1, 2, 1, 3, 2);

  private final RestClient customers;

  OrdersApplication(RestClient.Builder clients) {
    customers = clients.baseUrl("http://customers").build(); // the name of a service
  }

  /** With a client that is load-balanced, the host of a URL is the name of a service. */
  @Bean
  @LoadBalanced
  static RestClient.Builder clients() {
    return RestClient.builder();
  }

  @GetMapping("/orders/{number}")
  String order(@PathVariable("number") int number) {
    int customer = CUSTOMER_OF_ORDER.getOrDefault(number, 0);
    String name = customers.get().uri("/names/{id}", customer).retrieve().body(String.class);
    return "order " + number + " is of " + name;
  }

  @GetMapping("/counts/{customer}")
  String count(@PathVariable("customer") int customer) {
    return "" + CUSTOMER_OF_ORDER.values().stream().filter(each -> each == customer).count();
  }

  /**
   * Starts the service, with the properties of {@code orders.properties}.
   *
   * @param arguments properties that count before those of the file
   * @return the running service
   */
  public static ConfigurableApplicationContext start(String... arguments) {
    return new SpringApplicationBuilder(OrdersApplication.class)
        .properties("spring.config.name=orders")
        .run(arguments);
  }
}
