package dev.rollcall.examples.boot;

import dev.rollcall.examples.boot.customers.CustomersApplication;
import dev.rollcall.examples.boot.orders.OrdersApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts both services in one process, so that they can meet in memory. */
public final class Shop {
  private Shop() {}

  /**
   * Starts them.
   *
   * @param arguments properties of both, as {@code --rollcall.uri=consul://127.0.0.1:8500}
   */
  public static void main(String[] arguments) {
    ConfigurableApplicationContext customers = CustomersApplication.start(arguments);
    ConfigurableApplicationContext orders = OrdersApplication.start(arguments);
    System.out.println("Ask them:");
    System.out.println("  curl " + url(orders) + "/orders/1");
    System.out.println("  curl " + url(customers) + "/customers/1");
  }

  private static String url(ConfigurableApplicationContext service) {
    return "http://127.0.0.1:" + service.getEnvironment().getProperty("local.server.port");
  }
}
