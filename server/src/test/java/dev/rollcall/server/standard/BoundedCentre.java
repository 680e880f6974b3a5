package dev.rollcall.server.standard;

import dev.rollcall.server.Centre;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.access.Tokens;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.outbound.OutboundPolicy;
import io.netty.util.internal.PlatformDependent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A centre in a program of its own, with as much memory as the JVM is given. It says where it
 * listens, and for each line that it reads how many bytes of memory it holds outside of the heap,
 * and in the heap after a collection.
 */
final class BoundedCentre {
  private BoundedCentre() {}

  public static void main(String[] args) throws IOException {
    try (Centre centre =
            StandardCentre.builder(
                    "memory:",
                    AccessControl.of(Tokens.read(Path.of(args[0])), Limits.standard()),
                    OutboundPolicy.standard(),
                    new ConsulApiSettings("dc1", "centre", 10_000, 1, Permissions.everything()))
                .port(0)
                .start();
        BufferedReader asked =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      System.out.println("ready " + centre.port());
      while (asked.readLine() != null) {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        System.out.println(
            "memory " + direct() + " " + (runtime.totalMemory() - runtime.freeMemory()));
      }
    }
  }

  private static long direct() {
    long pools =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    // Netty counts what it takes past the JVM's own count.
    return Math.max(pools, PlatformDependent.usedDirectMemory());
  }
}
