package dev.rollcall.server.standard;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Speaks HTTP/2 by hand, so that it can say what no client would. */
final class Http2Sender {
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int SETTINGS = 4;
  private static final int HEADERS = 1;
  private static final int RESET = 3;
  private static final int GO_AWAY = 7;
  private static final int END_OF_STREAM_AND_HEADERS = 5;

  private Http2Sender() {}

  /** What became of a request. */
  enum Fate {
    ANSWERED,
    RESET,
    CONNECTION_ENDED
  }

  /** Sends the preface and one request without a body, in one piece. */
  static Fate request(Socket socket, String... namesAndValues) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(PREFACE.getBytes(StandardCharsets.US_ASCII));
    bytes.writeBytes(frame(SETTINGS, 0, 0, new byte[0]));
    bytes.writeBytes(frame(HEADERS, END_OF_STREAM_AND_HEADERS, 1, literals(namesAndValues)));
    socket.getOutputStream().write(bytes.toByteArray());
    return fate(socket);
  }

  /** Reads frames until one says what became of the first request. */
  static Fate fate(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    try {
      while (true) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        in.readUnsignedByte();
        in.readInt();
        in.readFully(new byte[length]);
        if (type == HEADERS) {
          return Fate.ANSWERED;
        }
        if (type == RESET) {
          return Fate.RESET;
        }
        if (type == GO_AWAY) {
          return Fate.CONNECTION_ENDED;
        }
      }
    } catch (EOFException ended) {
      return Fate.CONNECTION_ENDED;
    }
  }

  private static byte[] literals(String... namesAndValues) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      block.write(0); // a literal of a new name that is not kept
      text(block, namesAndValues[i]);
      text(block, namesAndValues[i + 1]);
    }
    return block.toByteArray();
  }

  private static void text(ByteArrayOutputStream block, String text) {
    block.write(text.length()); // below 127
    block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  static byte[] frame(int type, int flags, int stream, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(payload.length >> 16);
    frame.write(payload.length >> 8);
    frame.write(payload.length);
    frame.write(type);
    frame.write(flags);
    frame.writeBytes(new byte[] {0, 0, 0, (byte) stream});
    frame.writeBytes(payload);
    return frame.toByteArray();
  }
}
