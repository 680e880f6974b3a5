package dev.rollcall.spring;

import java.time.Duration;
import org.springframework.boot.context.config.ConfigDataResource;

/** Which keys of which store an import names. Equal to another one of the same keys. */
final class KeyValueResource extends ConfigDataResource {
  /** Empty where Rollcall is switched off. */
  final String uri;

  final String prefix;
  final Duration deadline;
  final boolean optional;

  KeyValueResource(String uri, String prefix, Duration deadline, boolean optional) {
    super(optional);
    this.uri = uri;
    this.prefix = prefix;
    this.deadline = deadline;
    this.optional = optional;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyValueResource that
        && uri.equals(that.uri)
        && prefix.equals(that.prefix);
  }

  @Override
  public int hashCode() {
    return uri.hashCode() * 31 + prefix.hashCode();
  }

  /** Without the URI, which may hold a secret. */
  @Override
  public String toString() {
    return "rollcall:" + prefix;
  }
}
