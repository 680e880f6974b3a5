package dev.rollcall.server.consul;

import java.util.List;

/** {@code /v1/status/…}: this centre leads itself. */
final class StatusRoutes {
  private final Identity identity;

  StatusRoutes(Identity identity) {
    this.identity = identity;
  }

  List<Route> routes() {
    return List.of(
        Route.getNow(
            "status/leader", call -> call.json(to -> to.writeString(identity.hostAndPort()))),
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
