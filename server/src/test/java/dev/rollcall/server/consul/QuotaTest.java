package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the quota makes of registrations that go without their client: reaped, fenced, expired. */
class QuotaTest {
  private static final int MOST = 3;
  private static final String NODE = "n1";

  private final CatalogIndex catalog = new CatalogIndex(1);
  private final Quota quota = new Quota(catalog, MOST);

  @BeforeEach
  void startNode() {
    catalog.write(
        to -> to.putNode(new CatalogNode("", NODE, "127.0.0.1", Map.of(), Map.of(), 0, 0)));
  }

  private void register(String client, String id) {
    quota.register(
        Set.of(new InstanceId(NODE, id)),
        client,
        () -> catalog.write(to -> to.putService(service(id))));
  }

  private void registerInVain(String client, String id) {
    assertThatThrownBy(
            () ->
                quota.register(
                    Set.of(new InstanceId(NODE, id)),
                    client,
                    () -> {
                      throw RefusedException.bad("no");
                    }))
        .hasMessage("400: no");
  }

  private static CatalogService service(String id) {
    return new CatalogService(
        NODE, id, "web", "", List.of(), "", Map.of(), Map.of(), 80, 1, 1, false, 0, 0);
  }

  private void registerAllThatMay(String client) {
    for (int n = 0; n < MOST; n++) {
      register(client, client + n);
    }
    assertThatThrownBy(() -> register(client, client + MOST))
        .hasMessage("429: too many registrations of one client (expected: at most 3)");
  }

  @Test
  void whatTheAgentReaps_makesRoom() {
    registerAllThatMay("a");

    catalog.write(to -> to.removeService(NODE, "a1"));

    register("a", "again");
    assertThatThrownBy(() -> register("a", "more")).hasMessageStartingWith("429");
  }

  @Test
  void aNodeThatGoes_makesRoomForAllItHad() {
    registerAllThatMay("a");

    catalog.write(to -> to.removeNode(NODE));
    startNode();

    registerAllThatMay("a");
  }

  @Test
  void aRegistrationThatFails_holdsNothing() {
    for (int n = 0; n < 10; n++) {
      registerInVain("a", "x" + n);
    }

    registerAllThatMay("a");
  }

  @Test
  void aRegistrationThatFails_leavesWhatWasThereToItsLastClient() {
    register("a", "shared");
    registerInVain("b", "shared");

    assertThat(catalog.<Boolean>look(view -> view.has(new InstanceId(NODE, "shared")))).isTrue();
    register("a", "a1");
    register("a", "a2");
    assertThatThrownBy(() -> register("a", "a3")).hasMessageStartingWith("429");
    assertThatCode(() -> registerAllThatMay("b")).doesNotThrowAnyException();
  }

  @Test
  void goneBeforeTheAnswer_holdsNothing() {
    for (int n = 0; n < 10; n++) {
      String id = "x" + n;
      quota.register(
          Set.of(new InstanceId(NODE, id)),
          "a",
          () -> {
            catalog.write(to -> to.putService(service(id)));
            catalog.write(to -> to.removeService(NODE, id)); // as by another thread
          });
    }

    registerAllThatMay("a");
  }
}
