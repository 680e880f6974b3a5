package dev.rollcall.testkit.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A container that is as much like a child process as can be. It shares the host's network, so that
 * it listens on the very ports that were reserved, on loopback, and a cluster's members find one
 * another; it sees its folder, and the files that its arguments name, under the same paths.
 *
 * @param image with its tag
 * @param command the executable's path in the image, and its arguments
 * @param folder on the host and in the container; writable
 * @param files that the arguments name, outside of the folder; not writable
 * @param log where its output is appended
 */
record ContainerDefinition(
    String image, List<String> command, Path folder, Set<Path> files, Path log) {
  private static final Pattern ABSOLUTE_PATH = Pattern.compile("/[^\"=,]+");

  static ContainerDefinition of(
      String image, Path executable, List<String> arguments, Path folder, Path log) {
    List<String> command = new ArrayList<>(List.of(executable.toString()));
    command.addAll(arguments);
    Set<Path> files = new LinkedHashSet<>();
    for (String argument : arguments) {
      Matcher path = ABSOLUTE_PATH.matcher(argument);
      while (path.find()) {
        Path file = Path.of(path.group());
        if (Files.isRegularFile(file) && !file.startsWith(folder)) {
          files.add(file);
        }
      }
    }
    return new ContainerDefinition(image, List.copyOf(command), folder, files, log);
  }
}
