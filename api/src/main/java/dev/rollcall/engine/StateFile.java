package dev.rollcall.engine;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The content of a file that keeps one state of one service: whose it is, when it was live last,
 * and the instances with all their fields. Stateless.
 *
 * <pre>
 * "rollcall"  8 bytes
 * version     4
 * length      4, of the body
 * CRC32C      4, of version, length and body
 * body        live (8, milliseconds since 1970), store (32), service, count (4), instances
 * </pre>
 *
 * Numbers are big-endian, a text is its length in 2 bytes and its modified UTF-8. What is read is
 * suspect: nothing is allocated by a length that is read, and each instance is built as an
 * application's is, with all checks.
 */
final class StateFile {
  static final int VERSION = 1;

  /** Some 500,000 instances; a larger state is not kept, and a larger file not read. */
  static final int MAX_BYTES = 128 << 20;

  private static final byte[] MAGIC = "rollcall".getBytes(StandardCharsets.US_ASCII);
  private static final int CRC_AT = MAGIC.length + 8;
  private static final int BODY_AT = CRC_AT + 4;

  private StateFile() {}

  /**
   * A state that was kept.
   *
   * @param liveMillis when it was live last, by the wall clock
   * @param instances in any health
   */
  record Kept(long liveMillis, InstanceList instances) {}

  /** Why a file is not used; a sentence's end. */
  static final class UnusableException extends Exception {
    private static final long serialVersionUID = 1;

    UnusableException(String why) {
      super(why);
    }
  }

  /**
   * Writes a state.
   *
   * @param store the fingerprint of the store, 32 bytes
   * @throws UnusableException where it is too large
   */
  static byte[] write(byte[] store, String service, Kept state) throws UnusableException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(new byte[BODY_AT]);
      out.writeLong(state.liveMillis);
      out.write(store);
      out.writeUTF(service);
      out.writeInt(state.instances.size());
      for (ServiceInstance instance : state.instances) {
        write(instance, out);
        if (out.size() > MAX_BYTES) {
          throw new UnusableException("it is larger than " + MAX_BYTES + " bytes");
        }
      }
    } catch (IOException impossible) {
      throw new AssertionError("writing to memory", impossible);
    }
    byte[] file = bytes.toByteArray();
    ByteBuffer header = ByteBuffer.wrap(file);
    header.put(MAGIC).putInt(VERSION).putInt(file.length - BODY_AT);
    header.putInt(checksum(file));
    return file;
  }

  private static void write(ServiceInstance instance, DataOutputStream out) throws IOException {
    out.writeUTF(instance.id());
    out.writeUTF(instance.host());
    out.writeInt(instance.port());
    out.writeUTF(instance.scheme());
    out.writeInt(instance.weight());
    out.writeUTF(instance.zone());
    out.writeByte(code(instance.health()));
    out.writeByte(instance.tags().size());
    for (String tag : instance.tags()) {
      out.writeUTF(tag);
    }
    out.writeByte(instance.metadata().size());
    for (Map.Entry<String, String> entry : instance.metadata().entrySet()) {
      out.writeUTF(entry.getKey());
      out.writeUTF(entry.getValue());
    }
    out.writeByte(instance.addresses().size());
    for (Map.Entry<String, HostPort> address : instance.addresses().entrySet()) {
      out.writeUTF(address.getKey());
      out.writeUTF(address.getValue().host());
      out.writeInt(address.getValue().port());
    }
  }

  /**
   * Reads a state.
   *
   * @param file all bytes of the file
   * @throws UnusableException where it is none of this service in this store
   */
  static Kept read(byte[] file, byte[] store, String service) throws UnusableException {
    if (file.length < BODY_AT || !Arrays.equals(file, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new UnusableException("it is no state file, or its beginning is damaged");
    }
    ByteBuffer header = ByteBuffer.wrap(file, MAGIC.length, BODY_AT - MAGIC.length);
    int version = header.getInt();
    int length = header.getInt();
    int expected = header.getInt();
    if (version != VERSION) { // which may put the rest otherwise
      throw new UnusableException("its version is " + version + ", and this is " + VERSION);
    }
    if (length != file.length - BODY_AT || checksum(file) != expected) {
      throw new UnusableException("it is damaged: its length or checksum is wrong");
    }
    ByteArrayInputStream body = new ByteArrayInputStream(file, BODY_AT, length);
    try (DataInputStream in = new DataInputStream(body)) {
      long liveMillis = in.readLong();
      if (!Arrays.equals(in.readNBytes(store.length), store) || !in.readUTF().equals(service)) {
        throw new UnusableException("it is of another store or service");
      }
      int count = in.readInt();
      List<ServiceInstance> instances = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        instances.add(readInstance(service, in));
      }
      if (in.read() >= 0) {
        throw new UnusableException("it does not end where it should");
      }
      return new Kept(liveMillis, InstanceList.of(instances));
    } catch (IOException | RegistryException malformed) {
      throw new UnusableException("an instance in it is malformed: " + malformed.getMessage());
    }
  }

  private static ServiceInstance readInstance(String service, DataInputStream in)
      throws IOException {
    ServiceInstance.Builder to =
        ServiceInstance.builder(service)
            .id(in.readUTF())
            .address(in.readUTF(), in.readInt())
            .scheme(in.readUTF())
            .weight(in.readInt())
            .zone(in.readUTF())
            .health(health(in.readUnsignedByte()));
    for (int tags = in.readUnsignedByte(); tags > 0; tags--) {
      to.tag(in.readUTF());
    }
    for (int entries = in.readUnsignedByte(); entries > 0; entries--) {
      to.metadata(in.readUTF(), in.readUTF());
    }
    for (int addresses = in.readUnsignedByte(); addresses > 0; addresses--) {
      to.address(in.readUTF(), in.readUTF(), in.readInt());
    }
    return to.build();
  }

  /** Not the ordinal, so that the constants may be put in another order. */
  private static int code(Health health) {
    return switch (health) {
      case PASSING -> 1;
      case WARNING -> 2;
      case CRITICAL -> 3;
    };
  }

  private static Health health(int code) throws IOException {
    return switch (code) {
      case 1 -> Health.PASSING;
      case 2 -> Health.WARNING;
      case 3 -> Health.CRITICAL;
      default -> throw new IOException("health " + code);
    };
  }

  private static int checksum(byte[] file) {
    CRC32C crc = new CRC32C();
    crc.update(file, MAGIC.length, CRC_AT - MAGIC.length);
    crc.update(file, BODY_AT, file.length - BODY_AT);
    return (int) crc.getValue();
  }
}
