package dev.rollcall.bench.fleet;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Connections of one client that ask over and over, each as soon as it is answered, on one thread
 * from the constructor to {@link #close}. What comes is counted and not kept, so that the server is
 * busy and the client is not; a connection that the server closes is opened again. The counts may
 * be read by any thread.
 */
final class RequestLoop implements AutoCloseable {
  private final InetSocketAddress target;
  private final LongFunction<byte[]> requests;
  private final long most;
  private final Selector selector = Selector.open();
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(256 * 1024);
  private final Thread thread = new Thread(this::run, "bench-loop");
  private final AtomicLong answers = new AtomicLong();
  private final AtomicLong refusals = new AtomicLong();
  private volatile boolean ended;
  private volatile @Nullable IOException failed;

  /**
   * Opens the connections and begins.
   *
   * @param requests what to ask for, by Consul's index of the answer before, 0 at first
   * @param most after how many bytes of an answer a connection is opened anew: some never end
   */
  RequestLoop(String address, int connections, long most, LongFunction<byte[]> requests)
      throws IOException {
    String[] parts = address.split(":");
    target = new InetSocketAddress(parts[0], Integer.parseInt(parts[1]));
    this.most = most;
    this.requests = requests;
    for (int i = 0; i < connections; i++) {
      open();
    }
    thread.setDaemon(true);
    thread.start();
  }

  private void open() throws IOException {
    SocketChannel channel = SocketChannel.open(target);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
    Line line = new Line(channel);
    channel.register(selector, SelectionKey.OP_READ, line);
    line.send(0);
  }

  /** Returns how many answers of status 200 have come to their end. */
  long answers() {
    return answers.get();
  }

  /** Returns how many answers had another status, or were none. */
  long refusals() {
    return refusals.get();
  }

  /** Returns the thread, whose processor time is the client's. */
  Thread thread() {
    return thread;
  }

  private void run() {
    try {
      while (!ended) {
        selector.select(
            key -> {
              try {
                read(key);
              } catch (IOException broken) {
                failed = broken;
              }
            },
            100);
        if (failed != null) {
          return;
        }
      }
    } catch (IOException broken) {
      failed = broken;
    }
  }

  private void read(SelectionKey key) throws IOException {
    Line line = (Line) key.attachment();
    scratch.clear();
    int count;
    try {
      count = line.channel.read(scratch);
    } catch (IOException reset) {
      count = -1;
    }
    scratch.flip();
    if (count < 0) {
      refusals.incrementAndGet();
    }
    if (count < 0 || line.take(scratch)) {
      line.channel.close();
      open();
    }
  }

  /** Ends the loop; throws what has ended it before. */
  @Override
  public void close() throws IOException, InterruptedException {
    ended = true;
    selector.wakeup();
    thread.join();
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
    IOException why = failed;
    if (why != null) {
      throw why;
    }
  }

  private final class Line {
    private static final int HEAD = 4 * 1024;

    private final SocketChannel channel;
    private final byte[] head = new byte[HEAD];
    private int known; // bytes of the head
    private boolean isHead = true;
    private boolean isChunked;
    private boolean isGood;
    private long index;
    private long left;
    private long came;
    private long tail; // the last eight bytes

    Line(SocketChannel channel) {
      this.channel = channel;
    }

    void send(long after) throws IOException {
      isHead = true;
      known = 0;
      came = 0;
      ByteBuffer bytes = ByteBuffer.wrap(requests.apply(after));
      while (bytes.hasRemaining()) {
        channel.write(bytes); // a request is small beside a socket's buffer
      }
    }

    /** Takes what has come; tells whether the connection has served its turn. */
    boolean take(ByteBuffer bytes) throws IOException {
      while (isHead && bytes.hasRemaining()) {
        if (known == HEAD) {
          throw new IOException("headers of more than " + HEAD + " bytes");
        }
        byte next = bytes.get();
        head[known++] = next;
        tail = tail << 8 | (next & 0xff);
        if ((int) tail == 0x0d0a0d0a) {
          headed();
        }
      }
      if (isHead) {
        return false;
      }
      came += bytes.remaining();
      boolean isOver;
      if (isChunked) {
        for (int at = Math.max(bytes.position(), bytes.limit() - 8); at < bytes.limit(); at++) {
          tail = tail << 8 | (bytes.get(at) & 0xff);
        }
        isOver = (tail & 0xffffffffffL) == 0x300d0a0d0aL; // "0", and two ends of lines
      } else {
        left -= bytes.remaining();
        isOver = left == 0;
      }
      if (isOver || came >= most) {
        (isGood ? answers : refusals).incrementAndGet();
      }
      if (isOver && !ended) {
        send(index);
      }
      return !isOver && came >= most;
    }

    private void headed() {
      String text = new String(head, 0, known, StandardCharsets.ISO_8859_1);
      String length = HttpLoad.header(text, "content-length");
      isChunked = length.isEmpty();
      left = isChunked ? 0 : Long.parseLong(length);
      isGood = text.startsWith("HTTP/1.1 200");
      String said = HttpLoad.header(text, "x-consul-index");
      index = said.isEmpty() ? 0 : Long.parseLong(said);
      isHead = false;
      tail = 0;
    }
  }
}
