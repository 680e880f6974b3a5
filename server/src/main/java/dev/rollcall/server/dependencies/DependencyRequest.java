package dev.rollcall.server.dependencies;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.google.common.collect.ImmutableSet;
import com.google.common.hash.Hashing;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.outbound.CallTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a service posts when it registers. Immutable.
 *
 * @param instance the service as an instance of the registry
 * @param url where its clients call it; it is known by this text
 * @param required the names of the services that it requires, at most {@value #MAX_REQUIRED}
 * @param update where it is told of them, empty where it requires none and gives no URL
 * @param heartbeat where it is asked whether it lives
 */
record DependencyRequest(
    ServiceInstance instance,
    String url,
    Set<String> required,
    Optional<CallTarget> update,
    CallTarget heartbeat) {
  static final int MAX_REQUIRED = 256;
  static final String TAG = "dependencies";
  static final String URL_KEY = "url";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(16)
                  .maxStringLength(4096)
                  .maxNameLength(256)
                  .maxNumberLength(32)
                  .build())
          .build();

  DependencyRequest {
    required = ImmutableSet.copyOf(required);
  }

  /**
   * Reads a posted registration. Unknown fields are passed over.
   *
   * @throws MalformedException where it is no such JSON
   * @throws RegistryException of kind {@code INVALID} where a field breaks its rule
   */
  static DependencyRequest parse(byte[] json) throws MalformedException {
    Fields fields = new Fields();
    try (JsonParser parser = JSON.createParser(text(json))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new MalformedException("body: (expected: a JSON object)");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        fields.take(parser.currentName(), parser);
      }
      if (parser.nextToken() != null) {
        throw new MalformedException("body: (expected: one JSON object and nothing after it)");
      }
    } catch (JsonParseException malformed) {
      throw new MalformedException("body: (expected: JSON without duplicate names)");
    } catch (IOException tooLarge) {
      throw new MalformedException("body: (expected: JSON of a modest depth and length)");
    }
    return fields.build();
  }

  private static String text(byte[] json) throws MalformedException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
    } catch (CharacterCodingException invalid) {
      throw new MalformedException("body: (expected: UTF-8)");
    }
  }

  /** The body is not what it must be. The message holds nothing of it. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }
  }

  /** Not thread-safe. */
  private static final class Fields {
    private @Nullable String name;
    private @Nullable String url;
    private @Nullable String update;
    private @Nullable String heartbeat;
    private final Set<String> required = new LinkedHashSet<>();

    void take(String field, JsonParser parser) throws IOException, MalformedException {
      JsonToken token = parser.nextToken();
      switch (field) {
        case "ServiceName" -> name = string(field, token, parser);
        case "ServiceURL" -> url = string(field, token, parser);
        case "ServiceUpdateURL" -> update = string(field, token, parser);
        case "HeartbeatURL" -> heartbeat = string(field, token, parser);
        case "RequiredServices" -> takeRequired(token, parser);
        default -> parser.skipChildren();
      }
    }

    private void takeRequired(JsonToken token, JsonParser parser)
        throws IOException, MalformedException {
      // What Go writes for a list that was not made.
      if (token == JsonToken.VALUE_NULL) {
        return;
      }
      if (token != JsonToken.START_ARRAY) {
        throw new MalformedException("RequiredServices: (expected: a list of names)");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        required.add(string("RequiredServices", parser.currentToken(), parser));
        if (required.size() > MAX_REQUIRED) {
          throw RegistryException.invalid(
              "RequiredServices: (expected: at most " + MAX_REQUIRED + " names)");
        }
      }
    }

    private static String string(String field, JsonToken token, JsonParser parser)
        throws IOException, MalformedException {
      if (token != JsonToken.VALUE_STRING) {
        throw new MalformedException(field + ": (expected: a string)");
      }
      return parser.getText();
    }

    DependencyRequest build() throws MalformedException {
      if (name == null || url == null || heartbeat == null) {
        throw new MalformedException(
            "body: (expected: ServiceName, ServiceURL and HeartbeatURL at least)");
      }
      CallTarget service = CallTarget.parse("ServiceURL", url);
      Optional<CallTarget> told =
          update == null || update.isEmpty()
              ? Optional.empty()
              : Optional.of(CallTarget.parse("ServiceUpdateURL", update));
      if (told.isEmpty() && !required.isEmpty()) {
        throw new MalformedException(
            "ServiceUpdateURL: (expected: a URL, where services are required)");
      }
      return new DependencyRequest(
          instance(name, url, service),
          url,
          required,
          told,
          CallTarget.parse("HeartbeatURL", heartbeat));
    }

    /** Also checks the required names: the rules are the registry's, and no others. */
    private ServiceInstance instance(String name, String url, CallTarget service)
        throws MalformedException {
      try {
        required.forEach(each -> new InstanceKey(each, "any"));
        return ServiceInstance.builder(name)
            .id(service.address() + "-" + sha256(url).substring(0, 16))
            .address(service.address().host(), service.address().port())
            .scheme(service.secure() ? "https" : "http")
            .tag(TAG)
            .metadata(URL_KEY, url)
            .build();
      } catch (RegistryException refused) {
        throw new MalformedException(String.valueOf(refused.getMessage()));
      }
    }

    private static String sha256(String url) {
      return Hashing.sha256().hashString(url, StandardCharsets.UTF_8).toString();
    }
  }
}
