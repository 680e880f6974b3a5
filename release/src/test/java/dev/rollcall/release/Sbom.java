package dev.rollcall.release;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a bill of materials in CycloneDX's JSON says of the libraries that an artifact brings. */
final class Sbom {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * A library.
   *
   * @param name group and artifact, with a colon between them
   */
  record Component(String name, String version, String licence) {
    String nameAndVersion() {
      return name + ":" + version;
    }
  }

  private Sbom() {}

  /** Without what is optional: who wants that names it. */
  static List<Component> read(Path file) throws IOException {
    List<Component> components = new ArrayList<>();
    for (JsonNode component : JSON.readTree(file.toFile()).path("components")) {
      if (component.path("scope").asText().equals("optional")) {
        continue;
      }
      List<String> licences = new ArrayList<>();
      for (JsonNode one : component.path("licenses")) {
        JsonNode licence = one.path("license");
        licences.add(
            one.has("expression")
                ? one.path("expression").asText()
                : licence.path("id").asText(licence.path("name").asText()));
      }
      components.add(
          new Component(
              component.path("group").asText() + ":" + component.path("name").asText(),
              component.path("version").asText(),
              String.join(" or ", licences)));
    }
    return components;
  }
}
