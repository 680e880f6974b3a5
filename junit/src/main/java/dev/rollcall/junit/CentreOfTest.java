package dev.rollcall.junit;

import dev.rollcall.RegistryException;
import dev.rollcall.server.Centre;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.outbound.OutboundPolicy;
import dev.rollcall.server.standard.StandardCentre;
import java.net.URI;

/** The one class that names the centre's, which are not there unless the user adds them. */
final class CentreOfTest implements AutoCloseable {
  private static final int WAITING_QUERIES = 10_000;

  private final Centre centre;

  private CentreOfTest(Centre centre) {
    this.centre = centre;
  }

  /**
   * Starts a centre in front of a store, on a free port of the loopback address.
   *
   * @throws RegistryException of kind {@code INVALID} where its classes are missing
   */
  static CentreOfTest start(String storeUri) {
    try {
      return new CentreOfTest(
          StandardCentre.builder(
                  storeUri,
                  AccessControl.withoutTokens(Limits.standard()),
                  OutboundPolicy.standard(),
                  new ConsulApiSettings(
                      "dc1", "rollcall-junit", WAITING_QUERIES, 1, Permissions.everything()))
              .port(0)
              .start());
    } catch (NoClassDefFoundError missing) {
      throw new RegistryException(
          RegistryException.Kind.INVALID,
          "centre: class "
              + missing.getMessage()
              + " is missing (expected: dev.rollcall:rollcall-server, with what it brings, among"
              + " the dependencies of the tests)",
          missing);
    }
  }

  URI uri() {
    return centre.uri();
  }

  @Override
  public void close() {
    centre.close();
  }
}
