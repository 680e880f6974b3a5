package dev.rollcall.testkit.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the proxy does without a fault, and how it begins and ends. */
class FaultProxyTest extends ProxyFixture {
  @Test
  void pass_carriesBothWays_andCounts() throws Exception {
    Socket first = connect();
    Socket second = connect();
    assertEchoes(first, "hello");
    assertEchoes(second, "you");

    await().untilAsserted(() -> assertThat(proxy.counts()).isEqualTo(new ProxyCounts(2, 2, 8, 8)));
    first.close();
    await().until(() -> proxy.counts().active() == 1);
    assertThat(echo.resets()).isZero();
  }

  @Test
  void requests_areShownConnectionByConnection_andRepliesAreNot() throws Exception {
    List<ByteArrayOutputStream> seen = new CopyOnWriteArrayList<>();
    try (FaultProxy shown =
        FaultProxy.to(
            echo.address(),
            () -> {
              ByteArrayOutputStream sent = new ByteArrayOutputStream();
              seen.add(sent);
              return piece -> sent.writeBytes(US_ASCII.decode(piece).toString().getBytes(US_ASCII));
            })) {
      for (String text : List.of("hello", "you")) {
        try (Socket socket = new Socket(shown.address().getAddress(), shown.port())) {
          assertEchoes(socket, text);
          assertEchoes(socket, "!");
        }
      }
    }
    assertThat(seen).map(sent -> sent.toString(US_ASCII)).containsExactly("hello!", "you!");
  }

  @Test
  void pass_carriesEndsOfStreams() throws Exception {
    Socket socket = connect();
    send(socket, "bye");
    socket.shutdownOutput();
    assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII)).isEqualTo("bye");
    await().until(() -> proxy.counts().active() == 0);

    Socket other = connect();
    assertEchoes(other, "hello");
    echo.hangUp();
    assertThat(other.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void pass_carriesResets() throws Exception {
    Socket socket = connect();
    assertEchoes(socket, "hello");
    socket.setSoLinger(true, 0);
    socket.close();

    await().until(() -> echo.resets() == 1);
    await().until(() -> proxy.counts().active() == 0);
  }

  @Test
  void pass_carriesMegabytes_againstASlowReader() throws Exception {
    byte[] sent = new byte[32 << 20];
    new Random(1).nextBytes(sent);
    Socket socket = connect();
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              try {
                socket.getOutputStream().write(sent);
                socket.shutdownOutput();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    assertThatThrownBy(() -> writer.get(500, TimeUnit.MILLISECONDS))
        .as("nothing reads, so the writer is held back")
        .isInstanceOf(java.util.concurrent.TimeoutException.class);

    byte[] received = socket.getInputStream().readAllBytes();

    assertThat(Arrays.equals(received, sent)).isTrue();
    writer.join();
    assertThat(proxy.counts().bytesToClients()).isEqualTo(sent.length);
  }

  @Test
  void targetThatIsGone_resetsTheClient() throws Exception {
    echo.close();
    assertNewIsReset();
    await().until(() -> proxy.counts().active() == 0);
  }

  @Test
  void badValues_areRefused() {
    Duration negative = Duration.ofMillis(-1);
    assertThatThrownBy(() -> proxy.slice(0, Duration.ofMillis(1)))
        .hasMessage("bytes: 0 (expected: 1 or more)");
    assertThatThrownBy(() -> proxy.slice(1, Duration.ZERO))
        .hasMessage("interval: PT0S (expected: more than 0)");
    assertThatThrownBy(() -> proxy.delay(negative, Duration.ZERO)).hasMessageStartingWith("base: ");
    assertThatThrownBy(() -> proxy.delay(Duration.ZERO, negative))
        .hasMessageStartingWith("jitter: ");
    assertThatThrownBy(() -> proxy.truncateAfter(-1)).hasMessage("bytes: -1 (expected: 0 or more)");
    assertThatThrownBy(() -> FaultProxy.to(InetSocketAddress.createUnresolved("x.test", 1)))
        .hasMessageContaining("(expected: a resolved address)");
  }

  @Test
  void close_freesPortAndThread_andIsIdempotent() throws Exception {
    Socket socket = connect();
    assertEchoes(socket, "hello");
    proxy.close();
    proxy.close();

    assertReset(socket);
    assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    assertThat(NoProcessLeft.proxyThreads()).isEmpty();
    assertThatThrownBy(proxy::cut)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageEndingWith("closed (expected: open)");
    assertThat(proxy.counts().attempted()).isEqualTo(1);
  }

  @Test
  void closeWhileOthersCommand_failsThemAll_andHangsNone() {
    for (int round = 0; round < 100; round++) {
      FaultProxy raced = FaultProxy.to(echo.address());
      List<CompletableFuture<Boolean>> commands =
          IntStream.range(0, 4)
              .mapToObj(
                  i ->
                      CompletableFuture.supplyAsync(
                          () -> {
                            try {
                              raced.resetAll();
                              return true;
                            } catch (IllegalStateException closed) {
                              return false;
                            }
                          }))
              .toList();
      raced.close();
      commands.forEach(command -> command.orTimeout(60, TimeUnit.SECONDS).join());
    }
  }

  @Test
  void thousandProxies_leaveNoThreadOrDescriptor() throws Exception {
    long before = descriptors();
    for (int i = 0; i < 1_000; i++) {
      try (FaultProxy one = FaultProxy.to(echo.address());
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), one.port())) {
        assertThat(socket.isConnected()).isTrue();
      }
    }
    assertThat(NoProcessLeft.proxyThreads()).hasSize(1);
    await().untilAsserted(() -> assertThat(descriptors()).isLessThan(before + 20));
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
