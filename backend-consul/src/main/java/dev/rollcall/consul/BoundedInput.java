package dev.rollcall.consul;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Fails once more was read than an honest store would send. */
final class BoundedInput extends FilterInputStream {
  private final long most;
  private long left;

  /** An answer that is longer than it may be. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;

    TooLong(long most) {
      super("an answer of more than " + most + " bytes (expected: less)");
    }
  }

  BoundedInput(InputStream in, long most) {
    super(in);
    this.most = most;
    left = most;
  }

  @Override
  public int read() throws IOException {
    int read = super.read();
    count(read < 0 ? 0 : 1);
    return read;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    int read = super.read(to, offset, length);
    count(Math.max(0, read));
    return read;
  }

  private void count(int bytes) throws IOException {
    left -= bytes;
    if (left < 0) {
      throw new TooLong(most);
    }
  }
}
