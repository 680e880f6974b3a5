package dev.rollcall.spi.support;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where a class comes from: its jar, that jar's version, and who else has a class of that name. */
final class ClassOrigin {
  private static final int MAX_COPIES = 3;

  /** As build tools name their jars. */
  private static final Pattern NAMED = Pattern.compile("-([0-9][\\w.-]*)\\.jar$");

  private ClassOrigin() {}

  /** Returns a class without initialising it, or null where it cannot be found or defined. */
  static @Nullable Class<?> find(String name) {
    for (ClassLoader loader : loaders()) {
      try {
        return Class.forName(name, false, loader);
      } catch (ClassNotFoundException | LinkageError notThere) {
        // the next one may have it
      }
    }
    return null;
  }

  /** The context's loader, which is the application's in most containers, and Rollcall's own. */
  static List<ClassLoader> loaders() {
    List<ClassLoader> loaders = new ArrayList<>();
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    ClassLoader own = ClassOrigin.class.getClassLoader();
    if (context != null) {
      loaders.add(context);
    }
    if (own != null && own != context) {
      loaders.add(own);
    }
    return loaders;
  }

  static boolean isOfTheJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return loader == null || loader == ClassLoader.getPlatformClassLoader();
  }

  /** Returns a class's jar, its version, and the other places that have a class of its name. */
  static String of(Class<?> type) {
    URL location = location(type);
    String place = location == null ? "an unknown place" : shown(location);
    String version = version(type, location);
    List<String> others = copies(type, place);
    return place
        + (version == null ? "" : " (version " + version + ")")
        + (others.isEmpty() ? "" : ", and there too: " + String.join(", ", others));
  }

  private static @Nullable URL location(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    return source == null ? null : source.getLocation();
  }

  private static String shown(URL location) {
    if (!location.getProtocol().equals("file")) {
      return location.toString();
    }
    try {
      return Path.of(location.toURI()).toString();
    } catch (Exception odd) {
      return location.toString();
    }
  }

  private static @Nullable String version(Class<?> type, @Nullable URL location) {
    Package of = type.getPackage();
    if (of != null && of.getImplementationVersion() != null) {
      return of.getImplementationVersion();
    }
    if (location == null || !location.getPath().endsWith(".jar")) {
      return null;
    }
    String noted = noted(location);
    Matcher named = NAMED.matcher(location.getPath());
    return noted == null && named.find() ? named.group(1) : noted;
  }

  private static @Nullable String noted(URL location) {
    try (JarFile jar = new JarFile(Path.of(location.toURI()).toFile())) {
      String told = pomVersion(jar);
      if (told == null) {
        Manifest manifest = jar.getManifest();
        Attributes main = manifest == null ? null : manifest.getMainAttributes();
        told = main == null ? null : main.getValue(Attributes.Name.IMPLEMENTATION_VERSION);
        told = main == null || told != null ? told : main.getValue("Bundle-Version");
      }
      return told;
    } catch (Exception unreadable) {
      return null; // the place says enough
    }
  }

  /** What Maven has noted, where the jar is of one artifact and no more. */
  private static @Nullable String pomVersion(JarFile jar) throws IOException {
    List<JarEntry> noted =
        jar.stream()
            .filter(entry -> entry.getName().matches("META-INF/maven/.*/pom\\.properties"))
            .toList();
    if (noted.size() != 1) {
      return null;
    }
    Properties properties = new Properties();
    try (InputStream in = jar.getInputStream(noted.get(0))) {
      properties.load(in);
    }
    return properties.getProperty("version");
  }

  private static List<String> copies(Class<?> type, String place) {
    String path = type.getName().replace('.', '/') + ".class";
    ClassLoader loader = type.getClassLoader();
    List<String> others = new ArrayList<>();
    try {
      for (URL copy :
          loader == null ? List.<URL>of() : Collections.list(loader.getResources(path))) {
        String at = copy.toString().replaceFirst("^jar:", "").replaceFirst("^file:/*", "/");
        at = at.substring(0, Math.max(0, at.length() - path.length())).replaceFirst("!?/$", "");
        if (!place.startsWith(at) && others.size() < MAX_COPIES) {
          others.add(at);
        }
      }
    } catch (IOException unreadable) {
      return others;
    }
    return others;
  }
}
