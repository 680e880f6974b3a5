package dev.rollcall.testkit.server;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Awaiting ends when the condition holds; its deadline tells a hang from a machine that does much
 * else, and ten seconds do not. Found by JUnit itself.
 */
public final class PatientAwaits implements BeforeAllCallback {
  /** Created by JUnit. */
  public PatientAwaits() {}

  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultTimeout(Duration.ofMinutes(1));
  }
}
