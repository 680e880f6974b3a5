package dev.rollcall.examples.grpc;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Starts both services in one process, so that they can meet in memory, and has each call the
 * other.
 */
public final class Shop {
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  private Shop() {}

  /**
   * Starts them, calls and ends.
   *
   * @param arguments the store's URI, as {@code consul://127.0.0.1:8500}; none for memory
   * @throws Exception where a server does not start or a call fails
   */
  public static void main(String[] arguments) throws Exception {
    // It warns each time that it finds nobody yet, while the calls wait until somebody is there.
    GRPC.setLevel(Level.SEVERE);
    String store = arguments.length == 0 ? "memory:shop" : arguments[0];
    try (Customers customers = new Customers(store);
        Orders orders = new Orders(store)) {
      System.out.println(orders.describe(1));
      System.out.println(customers.describe(1));
    }
    System.out.println("both have left");
  }
}
