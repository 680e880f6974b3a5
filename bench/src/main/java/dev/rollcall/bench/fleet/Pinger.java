package dev.rollcall.bench.fleet;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** A client with one connection that asks now and then, and notes how long its answers took. */
final class Pinger implements AutoCloseable {
  private static final long PAUSE_NANOS = 1_000_000;

  private final SocketChannel channel;
  private final ByteBuffer request;
  private final ByteBuffer reply = ByteBuffer.allocateDirect(64 * 1024);

  Pinger(String address, byte[] request) throws IOException {
    String[] parts = address.split(":");
    channel = SocketChannel.open(new InetSocketAddress(parts[0], Integer.parseInt(parts[1])));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    this.request = ByteBuffer.allocateDirect(request.length).put(request);
  }

  /** Asks for some time, a thousand times a second at most; returns each time, unsorted. */
  long[] run(double seconds) throws IOException {
    long[] took = new long[(int) (seconds * 1e9 / PAUSE_NANOS) + 1];
    int count = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (count < took.length && System.nanoTime() - end < 0) {
      took[count++] = once();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return Arrays.copyOf(took, count);
  }

  private long once() throws IOException {
    long from = System.nanoTime();
    request.flip();
    while (request.hasRemaining()) {
      channel.write(request);
    }
    reply.clear();
    while (!isWhole()) {
      if (channel.read(reply) < 0) {
        throw new IOException("closed by the server");
      }
    }
    return System.nanoTime() - from;
  }

  private boolean isWhole() throws IOException {
    byte[] all = new byte[reply.position()];
    reply.get(0, all);
    if (HttpLoad.end(all) == 0) {
      return false;
    }
    String text = new String(all, StandardCharsets.ISO_8859_1);
    if (!text.startsWith("HTTP/1.1 200")) {
      throw new IOException(text);
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
