package dev.rollcall.server.consul;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes what is being encoded, up to a bound for one answer, and one for all that are encoded in
 * this JVM at the same time: a part of the heap, however many threads there are. Confined to one
 * thread, but for the count.
 */
final class EncodedBytes extends OutputStream {
  /** The longest answer: 5 MB with a heap of 160 MB. */
  static final long LONGEST = Math.max(1 << 20, Runtime.getRuntime().maxMemory() / 32);

  private static final long AT_ONCE = 8 * LONGEST;
  private static final int FIRST = 512;
  private static final int PIECE = 64 << 10;

  private static final AtomicLong UNDER_WAY = new AtomicLong();

  private final List<byte[]> full = new ArrayList<>();
  private byte[] last = new byte[FIRST];
  private int used;
  private long taken;
  private long size;

  @Override
  public void write(int value) {
    if (used == last.length) {
      extend();
    }
    last[used++] = (byte) value;
    size++;
  }

  @Override
  public void write(byte[] from, int offset, int length) {
    int at = offset;
    int left = length;
    while (left > 0) {
      if (used == last.length) {
        extend();
      }
      int some = Math.min(left, last.length - used);
      System.arraycopy(from, at, last, used, some);
      used += some;
      at += some;
      left -= some;
    }
    size += length;
  }

  private void extend() {
    if (size >= LONGEST) {
      throw new RefusedException(
          413, "the answer is longer than " + LONGEST + " bytes (expected: a narrower query)");
    }
    int next = Math.min(PIECE, 2 * last.length);
    // Twice, since in the end it is copied into one piece.
    taken += 2L * next;
    if (UNDER_WAY.addAndGet(2L * next) > AT_ONCE) {
      throw new RefusedException(
          429, "more than " + AT_ONCE + " bytes of answers are being written at the moment");
    }
    full.add(last);
    last = new byte[next];
    used = 0;
  }

  byte[] toByteArray() {
    byte[] all = new byte[(int) size];
    int at = 0;
    for (byte[] piece : full) {
      System.arraycopy(piece, 0, all, at, piece.length);
      at += piece.length;
    }
    System.arraycopy(last, 0, all, at, used);
    return all;
  }

  /** Gives the room back; what was written may still be read. */
  @Override
  public void close() {
    UNDER_WAY.addAndGet(-taken);
    taken = 0;
  }
}
