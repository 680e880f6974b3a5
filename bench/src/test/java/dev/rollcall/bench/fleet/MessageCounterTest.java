package dev.rollcall.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageCounterTest {
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;

  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 10_000})
  @DisplayName("Requests of HTTP/1.1 are counted however their bytes arrive")
  void http1_requests(int pieces) {
    write("PUT /v1/agent/service/register HTTP/1.1\r\nContent-Length: 12\r\n\r\n{\"HTTP/1.1\"}");
    write("GET /v1/health/service/a?wait=5s HTTP/1.1\r\n\r\n");
    write("POST /v1/HHTTP/1.1 HTTP/1.1\r\n\r\n");
    assertThat(count(pieces)).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 10_000})
  @DisplayName("Messages of gRPC are counted, in one frame or over several, stream by stream")
  void grpc_messages(int pieces) {
    write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame(SETTINGS, 0, 0, new byte[12]);
    frame(HEADERS, 4, 1, new byte[40]);
    frame(0, 0, 1, message(3), message(0), message(7)); // three at once
    frame(HEADERS, 4, 3, new byte[10]);
    byte[] long3 = message(300);
    byte[] long1 = message(200);
    frame(0, 0, 3, slice(long3, 0, 4)); // within a prefix
    frame(0, 0, 1, slice(long1, 0, 50)); // another stream's between
    frame(0, 0, 3, slice(long3, 4, 305));
    frame(0, 0, 1, slice(long1, 50, 205), message(1));
    frame(0, 1, 3); // nothing but the end
    frame(0, 1, 1, message(2));
    assertThat(count(pieces)).isEqualTo(7);
  }

  private int count(int pieces) {
    AtomicInteger messages = new AtomicInteger();
    MessageCounter counter = new MessageCounter(messages::incrementAndGet);
    byte[] all = sent.toByteArray();
    for (int from = 0; from < all.length; from += pieces) {
      counter.accept(ByteBuffer.wrap(slice(all, from, Math.min(all.length, from + pieces))));
    }
    return messages.get();
  }

  private void write(String text) {
    sent.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  private void frame(int type, int flags, int stream, byte[]... payload) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : payload) {
      all.writeBytes(part);
    }
    sent.writeBytes(
        ByteBuffer.allocate(9)
            .put((byte) 0)
            .putShort((short) all.size())
            .put((byte) type)
            .put((byte) flags)
            .putInt(stream)
            .array());
    sent.writeBytes(all.toByteArray());
  }

  private static byte[] message(int length) {
    return ByteBuffer.allocate(5 + length).put((byte) 0).putInt(length).array();
  }

  private static byte[] slice(byte[] bytes, int from, int to) {
    return java.util.Arrays.copyOfRange(bytes, from, to);
  }
}
