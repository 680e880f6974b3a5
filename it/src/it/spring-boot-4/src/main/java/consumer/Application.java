package consumer;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Its server on Netty runs beside Rollcall. */
@SpringBootApplication
public class Application {
  public static void main(String[] args) {
    boolean passed;
    try (ConfigurableApplicationContext context = SpringApplication.run(Application.class)) {
      passed = Program.run(args);
    }
    if (!passed) {
      System.exit(1);
    }
  }
}
