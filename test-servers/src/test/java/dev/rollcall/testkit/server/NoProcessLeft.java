package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a class that leaves a process or a thread of its servers behind. */
final class NoProcessLeft implements BeforeAllCallback, AfterAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    assertThat(children()).as("processes before %s", context.getDisplayName()).isEmpty();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    assertThat(children()).as("processes left by %s", context.getDisplayName()).isEmpty();
    assertThat(proxyThreads()).as("threads left by %s", context.getDisplayName()).isEmpty();
  }

  static List<String> children() {
    return ProcessHandle.current()
        .descendants()
        .filter(ProcessHandle::isAlive)
        .map(process -> process.pid() + " " + process.info().command().orElse("?"))
        .toList();
  }

  static Set<String> proxyThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("rollcall-fault-proxy-")) // others test beside
        .collect(Collectors.toSet());
  }
}
