package dev.rollcall.testkit.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One direction of a proxied connection: reads what one side sends and delivers it to the other as
 * the fault in force allows. Belongs to the loop's thread.
 *
 * <p>What cannot be delivered at once waits in {@code pieces}, in order, and an empty piece at
 * their end is the end of the stream. Reading pauses while too much waits, so that a slow reader
 * slows the writer down as it does without a proxy.
 */
final class ProxyFlow {
  /** What {@link #pump} returns when no time will change anything. */
  static final long NO_TIMER = Long.MAX_VALUE;

  private static final int MAX_WAITING_BYTES = 1 << 20;

  private final ProxyLoop loop;
  private final SocketChannel source;
  private final SocketChannel sink;
  private final boolean toTarget;
  private final Consumer<ByteBuffer> reader;

  private final Deque<Piece> pieces = new ArrayDeque<>();
  private int waitingBytes;
  private long lastDueNanos = System.nanoTime();
  private long nextSliceNanos = lastDueNanos;
  private long remainingBytes = Fault.UNLIMITED;
  private boolean sourceEnded;
  private boolean sinkBlocked;
  private boolean finished;

  ProxyFlow(
      ProxyLoop loop,
      SocketChannel source,
      SocketChannel sink,
      boolean toTarget,
      Consumer<ByteBuffer> reader) {
    this.loop = loop;
    this.source = source;
    this.sink = sink;
    this.toTarget = toTarget;
    this.reader = reader;
  }

  void faultChanged() {
    remainingBytes = toTarget ? Fault.UNLIMITED : loop.fault().replyBytes();
    nextSliceNanos = System.nanoTime();
  }

  boolean wantsToRead() {
    return !sourceEnded && waitingBytes < MAX_WAITING_BYTES && loop.fault().forwards();
  }

  boolean wantsToWrite() {
    return sinkBlocked && loop.fault().forwards();
  }

  /** Whether the end of the stream was delivered. */
  boolean isFinished() {
    return finished;
  }

  /** Whether the fault in force lets no more through, for good. */
  boolean isTruncated() {
    return remainingBytes == 0 && (pieces.isEmpty() || !pieces.peek().isEnd());
  }

  void read() throws IOException {
    if (!wantsToRead()) {
      return;
    }
    ByteBuffer scratch = loop.scratch().clear();
    int count = source.read(scratch);
    if (count == 0) {
      return;
    }
    sourceEnded = count < 0;
    scratch.flip();
    reader.accept(scratch.asReadOnlyBuffer());
    if (!sourceEnded && pieces.isEmpty() && loop.fault() == Fault.PASS) {
      loop.delivered(toTarget, sink.write(scratch));
    }
    if (sourceEnded || scratch.hasRemaining()) {
      hold(scratch);
    }
  }

  private void hold(ByteBuffer bytes) {
    long delayNanos = loop.fault().delayNanos(loop.random());
    long dueNanos = System.nanoTime() + delayNanos;
    if (dueNanos - lastDueNanos > 0) {
      lastDueNanos = dueNanos;
    }
    ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
    waitingBytes += copy.remaining();
    pieces.add(new Piece(copy, lastDueNanos, sourceEnded));
  }

  /** Delivers what it may; returns when to come back, or {@link #NO_TIMER}. */
  long pump() throws IOException {
    Fault fault = loop.fault();
    sinkBlocked = false;
    if (!fault.forwards()) {
      return NO_TIMER;
    }
    replace(fault);
    for (Piece piece = pieces.peek(); piece != null && !isTruncated(); piece = pieces.peek()) {
      long nowNanos = System.nanoTime();
      if (fault.delays() && piece.dueNanos() - nowNanos > 0) {
        return piece.dueNanos();
      }
      if (fault.sliceNanos() > 0 && nextSliceNanos - nowNanos > 0) {
        return nextSliceNanos;
      }
      nextSliceNanos = nowNanos + fault.sliceNanos();
      if (!deliver(piece, fault.sliceBytes())) {
        sinkBlocked = true;
        return NO_TIMER;
      }
    }
    return NO_TIMER;
  }

  private void replace(Fault fault) {
    Optional<ByteBuffer> replacement = toTarget ? Optional.empty() : fault.replacement();
    Piece first = pieces.peek();
    boolean replaced = remainingBytes != Fault.UNLIMITED;
    if (replacement.isPresent() && !replaced && first != null && !first.isEnd()) {
      ByteBuffer bytes = replacement.get();
      waitingBytes = bytes.remaining();
      remainingBytes = waitingBytes;
      pieces.clear();
      pieces.add(new Piece(bytes, first.dueNanos(), false));
    }
  }

  /** Returns false where the sink takes no more for now. */
  private boolean deliver(Piece piece, int sliceBytes) throws IOException {
    ByteBuffer bytes = piece.bytes();
    int wanted = (int) Math.min(Math.min(bytes.remaining(), sliceBytes), remainingBytes);
    int end = bytes.limit();
    bytes.limit(bytes.position() + wanted);
    int written = sink.write(bytes);
    bytes.limit(end);
    waitingBytes -= written;
    if (remainingBytes != Fault.UNLIMITED) {
      remainingBytes -= written;
    }
    loop.delivered(toTarget, written);
    if (!bytes.hasRemaining()) {
      pieces.remove();
      if (piece.isEnd()) {
        sink.shutdownOutput();
        finished = true;
      }
    }
    return written == wanted;
  }

  private record Piece(ByteBuffer bytes, long dueNanos, boolean isEnd) {}
}
