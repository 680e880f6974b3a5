package dev.rollcall.testkit.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A proxy in front of an echo server, and plain sockets to it. */
@ExtendWith(NoProcessLeft.class)
@Timeout(60)
abstract class ProxyFixture {
  final List<Socket> sockets = new ArrayList<>();
  EchoServer echo;
  FaultProxy proxy;

  @BeforeEach
  final void open() throws IOException {
    echo = new EchoServer();
    proxy = FaultProxy.to(echo.address());
  }

  @AfterEach
  final void close() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    proxy.close();
    echo.close();
  }

  Socket connect() throws IOException {
    Socket socket = new Socket();
    sockets.add(socket);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(10_000);
    socket.connect(proxy.address(), 2_000);
    return socket;
  }

  static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(US_ASCII));
  }

  static String read(Socket socket, int bytes) throws IOException {
    return new String(socket.getInputStream().readNBytes(bytes), US_ASCII);
  }

  static void assertEchoes(Socket socket, String text) throws IOException {
    send(socket, text);
    assertThat(read(socket, text.length())).isEqualTo(text);
  }

  static void assertReset(Socket socket) {
    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(SocketException.class)
        .hasMessageContaining("reset");
  }

  /** The reset may be quicker than the return from connecting. */
  void assertNewIsReset() {
    assertThatThrownBy(() -> connect().getInputStream().read())
        .isInstanceOf(SocketException.class)
        .hasMessageContaining("reset");
  }

  static void assertSilent(Socket socket) throws IOException {
    int before = socket.getSoTimeout();
    socket.setSoTimeout(200);
    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(before);
  }
}
