package dev.rollcall.bench.fleet;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Counts what a client asks on one connection: the requests of HTTP/1.1, and the messages of gRPC.
 * A stream that renews a lease is one request of HTTP/2 and as many messages as renewals. Of one
 * thread.
 */
final class MessageCounter implements Consumer<ByteBuffer> {
  private static final byte[] VERSION = {'H', 'T', 'T', 'P', '/', '1', '.', '1', '\r', '\n'};
  private static final int PREFACE = 24;
  private static final int DATA = 0;
  private static final int END_OF_STREAM = 1;

  private final Runnable message;
  private final byte[] header = new byte[9];

  /** By the number of their stream, those that are within a message or between two. */
  private final Map<Integer, Messages> streams = new HashMap<>();

  private long position;
  private boolean http2;

  /** How much of {@link #VERSION} the last bytes are. */
  private int matched;

  private int headerBytes;
  private int payloadLeft;
  private boolean isData;

  MessageCounter(Runnable message) {
    this.message = message;
  }

  @Override
  public void accept(ByteBuffer piece) {
    while (piece.hasRemaining()) {
      if (payloadLeft > 0) {
        payload(piece);
        continue;
      }
      byte next = piece.get();
      if (position == 1) {
        http2 = next == 'R'; // of PRI; no method of Consul's API has it there
        payloadLeft = http2 ? PREFACE - 2 : 0;
      } else if (http2) {
        header[headerBytes++] = next;
        if (headerBytes == header.length) {
          frame();
        }
      } else {
        line(next);
      }
      position++;
    }
  }

  private void line(byte next) {
    matched = next == VERSION[matched] ? matched + 1 : next == VERSION[0] ? 1 : 0;
    if (matched == VERSION.length) {
      matched = 0;
      message.run();
    }
  }

  private void frame() {
    headerBytes = 0;
    payloadLeft = (header[0] & 0xff) << 16 | (header[1] & 0xff) << 8 | header[2] & 0xff;
    isData = header[3] == DATA;
    if (isData && payloadLeft == 0) {
      endOfFrame();
    }
  }

  private void payload(ByteBuffer piece) {
    int count = Math.min(payloadLeft, piece.remaining());
    if (isData && position > PREFACE - 2) {
      streams.computeIfAbsent(stream(), any -> new Messages()).read(piece, count, message);
    } else {
      piece.position(piece.position() + count);
    }
    payloadLeft -= count;
    position += count;
    if (payloadLeft == 0 && isData) {
      endOfFrame();
    }
  }

  private void endOfFrame() {
    if ((header[4] & END_OF_STREAM) != 0) {
      streams.remove(stream());
    }
  }

  private int stream() {
    return ByteBuffer.wrap(header).getInt(5) & Integer.MAX_VALUE;
  }

  /** One stream's messages: a byte of flags, four of a length, and as many bytes. */
  private static final class Messages {
    private static final int PREFIX = 5;

    private int prefixBytes;
    private int length;

    void read(ByteBuffer piece, int count, Runnable message) {
      int left = count;
      while (left > 0) {
        if (prefixBytes < PREFIX) {
          int next = piece.get() & 0xff;
          length = prefixBytes == 0 ? 0 : length << 8 | next;
          prefixBytes++;
          left--;
          if (prefixBytes == PREFIX) {
            message.run();
          }
        } else {
          int skipped = Math.min(left, length);
          piece.position(piece.position() + skipped);
          length -= skipped;
          left -= skipped;
        }
        if (prefixBytes == PREFIX && length == 0) {
          prefixBytes = 0;
        }
      }
    }
  }
}
