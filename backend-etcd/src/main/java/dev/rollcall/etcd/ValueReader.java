package dev.rollcall.etcd;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.etcd.Stored.Format;
import io.etcd.jetcd.ByteSequence;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads one value in any of the three {@linkplain Format forms}. What stands in a store is as
 * suspect as what a stranger sends: sizes, depth, types and duplicates are checked, unknown fields
 * are passed over, and each field meets the rule that it would meet at the door. Not thread-safe.
 */
final class ValueReader {
  static final String ROLLCALL = "rollcall";

  private static final int MAX_BYTES = 256 * 1024;
  private static final int MAX_OWNER = 128;
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(16)
                  .maxStringLength(8 * 1024)
                  .maxNumberLength(32)
                  .build())
          .build();

  private final InstanceKey key;
  private ServiceInstance.Builder instance;
  private @Nullable String host;
  private int port;
  private String owner = "";
  private long epoch;
  private boolean leaving;
  private @Nullable String address;
  private boolean goRecord;

  ValueReader(InstanceKey key) {
    this.key = key;
    this.instance = fresh();
  }

  /** Reads a value; called once. */
  Stored read(ByteSequence value) throws MalformedException {
    byte[] bytes = value.getBytes();
    if (bytes.length > MAX_BYTES) {
      throw new MalformedException("its value has more than " + MAX_BYTES + " bytes");
    }
    try {
      return bytes.length > 0 && bytes[0] == '{' ? readJson(bytes) : readPlain(bytes);
    } catch (RegistryException refused) {
      throw new MalformedException(String.valueOf(refused.getMessage()));
    }
  }

  private Stored readPlain(byte[] bytes) throws MalformedException {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString().strip();
      address(text);
      return stored(Format.PLAIN);
    } catch (CharacterCodingException malformed) {
      throw new MalformedException("its value is neither JSON nor host:port");
    }
  }

  private Stored readJson(byte[] bytes) throws MalformedException {
    try (JsonParser in = JSON.createParser(bytes)) {
      in.nextToken();
      fields(in, true);
      if (in.nextToken() != null) {
        throw new MalformedException("its value goes on after the JSON object");
      }
    } catch (IOException malformed) {
      throw new MalformedException("its value is no JSON that can be read");
    }
    if (goRecord && host == null) {
      if (address == null) {
        throw new MalformedException("its record has no Addr");
      }
      address(address);
    }
    return stored(goRecord ? Format.GO : Format.JSON);
  }

  private Stored stored(Format format) throws MalformedException {
    if (leaving) {
      return new Stored(Optional.empty(), owner, epoch, format);
    }
    if (host == null) {
      throw new MalformedException("its value has no host");
    }
    return new Stored(Optional.of(instance.address(host, port).build()), owner, epoch, format);
  }

  private void fields(JsonParser in, boolean outermost) throws IOException, MalformedException {
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      JsonToken token = in.nextToken();
      if (outermost && name.equals("Op")) {
        goRecord = true;
        leaving |= number(in, name) == 1;
      } else if (outermost && name.equals("Addr")) {
        goRecord = true;
        address = text(in, name);
      } else if (outermost && name.equals("Metadata")) {
        goRecord = true;
        goMetadata(in, token);
      } else {
        field(in, name, token);
      }
    }
  }

  private void field(JsonParser in, String name, JsonToken token)
      throws IOException, MalformedException {
    switch (name) {
      case "host" -> host = text(in, name);
      case "port" -> port = number(in, name);
      case "scheme" -> instance.scheme(text(in, name));
      case "weight" -> instance.weight(number(in, name));
      case "zone" -> instance.zone(text(in, name));
      case "health" -> instance.health(health(text(in, name)));
      case "tags" -> tags(in, token);
      case "metadata", "labels" -> metadata(in, token);
      case "addresses" -> addresses(in, token);
      case "owner" -> {
        owner = text(in, name);
        if (owner.length() > MAX_OWNER) {
          throw new MalformedException("owner: more than " + MAX_OWNER + " characters");
        }
      }
      case "epoch" -> {
        expect(token == JsonToken.VALUE_NUMBER_INT, name);
        epoch = in.getLongValue();
      }
      case "leaving" -> {
        expect(token.isBoolean(), name);
        leaving |= in.getBooleanValue();
      }
      default -> in.skipChildren();
    }
  }

  private void tags(JsonParser in, JsonToken token) throws IOException, MalformedException {
    expect(token == JsonToken.START_ARRAY, "tags");
    while (in.nextToken() != JsonToken.END_ARRAY) {
      instance.tag(text(in, "tags"));
    }
  }

  private void metadata(JsonParser in, JsonToken token) throws IOException, MalformedException {
    expect(token == JsonToken.START_OBJECT, "metadata");
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      in.nextToken();
      instance.metadata(name, text(in, "metadata"));
    }
  }

  private void addresses(JsonParser in, JsonToken token) throws IOException, MalformedException {
    expect(token == JsonToken.START_OBJECT, "addresses");
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      expect(in.nextToken() == JsonToken.START_OBJECT, "addresses");
      String itsHost = "";
      int itsPort = 0;
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String part = in.currentName();
        in.nextToken();
        switch (part) {
          case "host" -> itsHost = text(in, part);
          case "port" -> itsPort = number(in, part);
          default -> in.skipChildren();
        }
      }
      instance.address(name, itsHost, itsPort);
    }
  }

  /**
   * Go programs put there what they like. What is no text is left out, and so is what would break a
   * rule here: it must not cost the instance.
   */
  private void goMetadata(JsonParser in, JsonToken token) throws IOException, MalformedException {
    if (token != JsonToken.START_OBJECT) {
      in.skipChildren();
      return;
    }
    boolean own = false;
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      JsonToken value = in.nextToken();
      if (name.equals(ROLLCALL) && value == JsonToken.START_OBJECT) {
        instance = fresh(); // it holds the metadata too, all of it
        own = true;
        fields(in, false);
      } else if (!own && value.isScalarValue() && value != JsonToken.VALUE_NULL) {
        keepIfAllowed(name, in.getText());
      } else {
        in.skipChildren();
      }
    }
  }

  private void keepIfAllowed(String name, String value) {
    try {
      ServiceInstance trial = fresh().address("localhost", 1).metadata(name, value).build();
      instance.metadata(trial.metadata().keySet().iterator().next(), value);
    } catch (RegistryException refused) {
      // Left out.
    }
  }

  private ServiceInstance.Builder fresh() {
    return ServiceInstance.builder(key.service()).id(key.id());
  }

  private void address(String text) throws MalformedException {
    HostPort parsed = hostPort(text);
    host = parsed.host();
    port = parsed.port();
  }

  /** Reads {@code host:port}, an IPv6 address in brackets. */
  static HostPort hostPort(String text) throws MalformedException {
    int colon = text.lastIndexOf(':');
    String digits = text.substring(colon + 1);
    if (colon <= 0 || digits.isEmpty() || digits.length() > 5) {
      throw new MalformedException("its value is neither JSON nor host:port");
    }
    String name = text.substring(0, colon);
    if (name.startsWith("[") && name.endsWith("]")) {
      name = name.substring(1, name.length() - 1);
    } else if (name.indexOf(':') >= 0) {
      throw new MalformedException("its value is neither JSON nor host:port");
    }
    int number = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '9') {
        throw new MalformedException("its value is neither JSON nor host:port");
      }
      number = number * 10 + (c - '0');
    }
    return new HostPort(name, number);
  }

  private static Health health(String word) throws MalformedException {
    for (Health health : Health.values()) {
      if (health.name().toLowerCase(Locale.ROOT).equals(word)) {
        return health;
      }
    }
    throw new MalformedException("health: (expected: passing, warning or critical)");
  }

  private static String text(JsonParser in, String name) throws IOException, MalformedException {
    expect(in.currentToken() == JsonToken.VALUE_STRING, name);
    return in.getText();
  }

  private static int number(JsonParser in, String name) throws IOException, MalformedException {
    expect(in.currentToken() == JsonToken.VALUE_NUMBER_INT, name);
    return in.getIntValue();
  }

  private static void expect(boolean right, String name) throws MalformedException {
    if (!right) {
      throw new MalformedException(name + ": of the wrong type");
    }
  }
}
