package dev.rollcall.testkit.server;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The folders of a {@code PATH}. */
record SearchPath(List<Path> folders) {
  private static final Pattern SEPARATOR = Pattern.compile(Pattern.quote(File.pathSeparator));

  static SearchPath of(Map<String, String> environment) {
    return new SearchPath(
        SEPARATOR
            .splitAsStream(environment.getOrDefault("PATH", ""))
            .filter(folder -> !folder.isEmpty())
            .map(folder -> Path.of(folder).toAbsolutePath())
            .distinct()
            .toList());
  }

  Stream<Path> all(String name) {
    return folders.stream().map(folder -> folder.resolve(name)).filter(SearchPath::isExecutable);
  }

  Optional<Path> first(String name) {
    return all(name).findFirst();
  }

  static boolean isExecutable(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }
}
