package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.json.JsonParserFactory;

/** What an IDE is told of the properties. */
class MetadataTest {
  private static final String FILE = "META-INF/spring-configuration-metadata.json";

  @Test
  void everyProperty_isDescribed_andNoOtherOne() throws IOException {
    Map<String, String> described = new TreeMap<>();
    for (URL url : Collections.list(RollcallProperties.class.getClassLoader().getResources(FILE))) {
      try (InputStream file = url.openStream()) {
        Map<String, Object> metadata =
            JsonParserFactory.getJsonParser()
                .parseMap(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        for (Object each : (Iterable<?>) metadata.get("properties")) {
          Map<?, ?> property = (Map<?, ?>) each;
          String name = String.valueOf(property.get("name"));
          if (name.startsWith("rollcall.")) {
            described.put(name, String.valueOf(property.get("description")));
          }
        }
      }
    }
    Set<String> declared = new TreeSet<>();
    collect("rollcall", RollcallProperties.class, declared);
    assertThat(described.keySet()).isEqualTo(declared);
    assertThat(described.values()).allMatch(text -> text.length() > 10 && text.endsWith("."));
  }

  private static void collect(String prefix, Class<?> type, Set<String> names) {
    for (RecordComponent part : type.getRecordComponents()) {
      String name = prefix + "." + dashed(part.getName());
      if (part.getType().isRecord()) {
        collect(name, part.getType(), names);
      } else {
        names.add(ConfigurationPropertyName.of(name).toString());
      }
    }
  }

  private static String dashed(String camelCase) {
    return camelCase.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
