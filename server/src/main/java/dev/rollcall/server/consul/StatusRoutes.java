package dev.rollcall.server.consul;

import java.util.List;

/** {@code /v1/status/…}: this centre leads itself, while its store is heard of. */
final class StatusRoutes {
  private final Identity identity;
  private final StoreContact contact;

  StatusRoutes(Identity identity, StoreContact contact) {
    this.contact = contact;
    this.identity = identity;
  }

  List<Route> routes() {
    return List.of(
        Route.getNow(
            "status/leader",
            call ->
                call.json(
                    to ->
                        to.writeString(contact.catalog().isHeard() ? identity.hostAndPort() : ""))),
        Route.getNow(
            "status/peers",
            call ->
                call.json(
                    to -> {
                      to.writeStartArray();
                      to.writeString(identity.hostAndPort());
                      to.writeEndArray();
                    })));
  }
}
