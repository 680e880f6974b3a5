package dev.rollcall.bench.fleet;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** A registry centre, started from the command line as a user does. */
final class CentreProcess implements AutoCloseable {
  private static final String READY = "rollcall: ready at http://";

  private final Process process;
  private final String address;
  private final BufferedReader output;

  /** Starts one on memory; blocks until it is ready. */
  CentreProcess(String... options) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty(Scenario.LAUNCHER),
                "serve",
                "--backend",
                "memory:",
                "--port",
                "0"));
    command.addAll(List.of(options));
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    output = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder said = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(READY)) {
        address = line.substring(READY.length()).replaceAll("[,/].*", "");
        return;
      }
      said.append(line).append('\n');
    }
    throw new IOException("the centre has not started:\n" + said);
  }

  String address() {
    return address;
  }

  long pid() {
    return process.pid();
  }

  /** Returns what all its live threads have allocated. */
  long allocated() throws Exception {
    VirtualMachine machine = VirtualMachine.attach(Long.toString(pid()));
    try (JMXConnector connector =
        JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent()))) {
      MBeanServerConnection beans = connector.getMBeanServerConnection();
      ThreadMXBean threads =
          ManagementFactory.newPlatformMXBeanProxy(
              beans, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
      return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
          .filter(bytes -> bytes > 0)
          .sum();
    } finally {
      machine.detach();
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    process.onExit().join();
    output.close();
  }
}
