package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValueStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A write of a key is sent once. The agent may have run it although its connection has failed, and
 * running it again could undo a later write. The server here answers a read, and ends the
 * connection on which a write has come.
 */
class KeyWriteOnceTest {
  private final Queue<String> requests = new ConcurrentLinkedQueue<>();
  private final ServerSocket server;

  KeyWriteOnceTest() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "key-write-once-test");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        start(() -> serve(socket));
      }
    } catch (IOException closed) {
      // the test is over
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      String line = head(socket.getInputStream());
      while (line.startsWith("GET")) {
        String answer = "HTTP/1.1 404 Not Found\r\nX-Consul-Index: 7\r\nContent-Length: 0\r\n\r\n";
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
        line = head(socket.getInputStream());
      }
    } catch (IOException ended) {
      // so does the connection
    }
  }

  /** Reads a request's head, which is all of it here but for a body of one byte. */
  private String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the end");
      }
      head.append((char) next);
    }
    String line = head.substring(0, head.indexOf("\r\n"));
    requests.add(line.substring(0, line.indexOf(' ')));
    return line;
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE"})
  @DisplayName("on a connection that ends before the answer")
  void write_isSentOnce(String verb) {
    try (KeyValueStore store =
        KeyValueStore.open("consul://127.0.0.1:" + server.getLocalPort() + "?timeout=5s")) {
      assertThat(store.get("k").join()).isEmpty(); // its connection is used again
      assertThatThrownBy(
              () -> (verb.equals("PUT") ? store.put("k", "v") : store.delete("k")).join())
          .hasCauseInstanceOf(RegistryException.class);
      assertThat(requests).filteredOn(verb::equals).hasSize(1);
    }
  }
}
