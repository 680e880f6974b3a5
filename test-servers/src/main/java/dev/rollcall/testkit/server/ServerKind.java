package dev.rollcall.testkit.server;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What tells one server product from another before it runs. */
enum ServerKind {
  ETCD("etcd", Pattern.compile("etcd Version: (\\d+\\.\\d+\\.\\d+)")),
  CONSUL("consul", Pattern.compile("Consul v(\\d+\\.\\d+\\.\\d+)"));

  private final String executable;
  private final Pattern versionOutput;

  ServerKind(String executable, Pattern versionOutput) {
    this.executable = executable;
    this.versionOutput = versionOutput;
  }

  String executable() {
    return executable;
  }

  /** The prefix of this product's own environment variables, which must not reach a test server. */
  String variablePrefix() {
    return name() + "_";
  }

  Optional<String> version(String versionOutputText) {
    Matcher matcher = versionOutput.matcher(versionOutputText);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
