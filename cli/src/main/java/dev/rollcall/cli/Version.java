package dev.rollcall.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Tells the project's version, which Maven writes into the jar. */
final class Version implements IVersionProvider {
  private static final String WRITTEN_BY_MAVEN =
      "/META-INF/maven/dev.rollcall/rollcall-cli/pom.properties";

  @Override
  public String[] getVersion() throws IOException {
    return new String[] {
      "rollcall " + project() + " (Java " + Runtime.version() + ")",
    };
  }

  private static String project() throws IOException {
    try (InputStream in = Version.class.getResourceAsStream(WRITTEN_BY_MAVEN)) {
      if (in == null) {
        return "unpackaged"; // run from a directory of classes, as tests and IDEs do
      }
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version", "unpackaged");
    }
  }
}
