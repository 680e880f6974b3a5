package dev.rollcall.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a result was measured on: a number means nothing without it.
 *
 * @param processor its name
 * @param cores how many the JVM may use
 * @param jvm the JVM's name and version
 * @param system the operating system
 * @param load how many wanted to run when it began, averaged over a minute
 */
record Machine(String processor, int cores, String jvm, String system, double load) {

  static Machine here() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    return new Machine(
        processorName(),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
        system.getName() + " " + system.getArch(),
        system.getSystemLoadAverage());
  }

  private static String processorName() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException notLinux) {
      // The architecture will have to do.
    }
    return System.getProperty("os.arch");
  }

  @Override
  public String toString() {
    return processor
        + ", "
        + cores
        + " cores, "
        + jvm
        + ", "
        + system
        + String.format(Locale.ROOT, ", load %.1f at the start", load);
  }
}
