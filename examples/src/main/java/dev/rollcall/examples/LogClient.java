package dev.rollcall.examples;

import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Sends each line of its standard input to a log service: whichever the registry names at that
 * moment. Where several run, each line goes to one of them; where one is gone, to another.
 *
 * <p>Argument: the store's URI.
 *
 * @since 0.1.0
 */
public final class LogClient {
  private static final int ATTEMPTS = 3;

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final ServiceView logs;

  private LogClient(ServiceView logs) {
    this.logs = logs;
  }

  /**
   * Sends the lines of standard input.
   *
   * @param args the store
   * @throws IOException where a line can be brought to no log service
   * @throws InterruptedException never, as nobody interrupts
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length != 1) {
      System.err.println("usage: log-client STORE, such as etcd://127.0.0.1:2379");
      System.exit(2);
    }
    try (Registry registry = Registry.open(args[0])) {
      LogClient client = new LogClient(registry.service("LogService"));
      client.awaitService(Duration.ofSeconds(10));
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        client.send(line);
      }
    }
  }

  /** Waits until there is a log service: a watch begins with the present state. */
  private void awaitService(Duration patience) throws InterruptedException {
    CountDownLatch there = new CountDownLatch(1);
    Subscription watching =
        logs.watch(
            change -> {
              if (!change.now().instances().isEmpty()) {
                there.countDown();
              }
            });
    if (!there.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      System.err.println("no log service within " + patience.toSeconds() + " s");
    }
    watching.close();
  }

  private void send(String line) throws IOException, InterruptedException {
    IOException last = new IOException("no attempt was made");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      ServiceInstance target = logs.pick(); // says why, where there is none
      URI uri = URI.create("http://" + target.host() + ":" + target.port() + "/log");
      try {
        int status =
            http.send(
                    HttpRequest.newBuilder(uri)
                        .timeout(Duration.ofSeconds(5))
                        .header("Content-Type", "text/plain; charset=utf-8")
                        .POST(BodyPublishers.ofString(line, StandardCharsets.UTF_8))
                        .build(),
                    BodyHandlers.discarding())
                .statusCode();
        if (status == 200) {
          System.out.println(target.id() + " has taken: " + line);
          return;
        }
        last = new IOException(uri + ": status " + status);
      } catch (IOException gone) {
        last = gone;
      }
    }
    throw last;
  }
}
