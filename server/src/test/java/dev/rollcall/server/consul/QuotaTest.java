package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.server.BudgetException;
import dev.rollcall.server.MemoryBudget;
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
  private final MemoryBudget memory = new MemoryBudget("memory", 1 << 20);
  private final Quota quota = new Quota(catalog, MOST, memory);

  @BeforeEach
  void startNode() {
    catalog.write(
        to -> to.putNode(new CatalogNode("", NODE, "127.0.0.1", Map.of(), Map.of(), 0, 0)));
  }

  private void register(String client, String id) {
    quota.register(
        Set.of(new InstanceId(NODE, id)),
        client,
        Weight.of(service(id)),
        () -> catalog.write(to -> to.putService(service(id))));
  }

  private static CatalogService tagged(String id, String tag) {
    return new CatalogService(
        NODE, id, "web", "", List.of(tag), "", Map.of(), Map.of(), 80, 1, 1, false, 0, 0);
  }

  private void register(String client, CatalogService service) {
    quota.register(
        Set.of(new InstanceId(NODE, service.id())),
        client,
        Weight.of(service),
        () -> catalog.write(to -> to.putService(service)));
  }

  @Test
  void bytes_areHeldAsLongAsTheService() {
    String tag = "t".repeat(200_000); // counts twice
    register("a", tagged("a1", tag));
    register("a", tagged("a2", tag));
    long held = memory.held();
    assertThat(held).isBetween(800_000L, 820_000L);
    assertThatThrownBy(() -> register("a", tagged("a3", tag)))
        .isInstanceOf(BudgetException.class)
        .hasMessage("memory: one client holds too much (expected: at most 1048576 bytes)");
    assertThat(memory.held()).isEqualTo(held);

    register("a", tagged("a2", tag + "x")); // in its own place
    register("b", tagged("b1", tag));
    catalog.write(to -> to.removeService(NODE, "a1"));
    register("a", tagged("a3", tag));
    catalog.write(to -> to.removeNode(NODE));
    assertThat(memory.held()).isZero();
  }

  @Test
  void bytesOfOneThatNeverFits_areTooMany() {
    assertThatThrownBy(() -> register("a", tagged("a1", "t".repeat(600_000))))
        .isInstanceOfSatisfying(
            BudgetException.class, refused -> assertThat(refused.status()).isEqualTo(413))
        .hasMessageEndingWith("(expected: at most 1048576 for one client)");
    assertThat(memory.held()).isZero();
  }

  @Test
  void bytesOfAllClients_areBounded() {
    String tag = "t".repeat(450_000);
    register("a", tagged("a1", tag));
    register("b", tagged("b1", tag));
    assertThatThrownBy(() -> register("c", tagged("c1", tag)))
        .hasMessage("memory: all clients hold too much (expected: at most 2097152 bytes)");
  }

  @Test
  void anothersRegistrationOfTheSame_movesTheBytes() {
    register("a", tagged("x", "t".repeat(450_000)));
    register("b", tagged("x", "t".repeat(450_000)));
    register("a", tagged("a1", "t".repeat(450_000)));
    assertThatThrownBy(() -> register("b", tagged("b1", "t".repeat(450_000))))
        .isInstanceOf(BudgetException.class);
  }

  @Test
  void whatIsAdded_isOnTheHolder() {
    register("a", "a1");
    InstanceId id = new InstanceId(NODE, "a1");
    CatalogCheck check =
        new CatalogCheck(
            NODE,
            "c",
            "c",
            CatalogCheck.PASSING,
            "",
            "o".repeat(400_000),
            "a1",
            "web",
            List.of(),
            "",
            0,
            0);
    quota.add(id, "b", Weight.of(check), () -> catalog.write(to -> to.putCheck(check)));
    assertThatThrownBy(() -> register("a", tagged("a2", "t".repeat(200_000))))
        .isInstanceOf(BudgetException.class);
    register("b", tagged("b1", "t".repeat(400_000)));
    catalog.write(to -> to.removeCheck(NODE, "c"));
    register("a", tagged("a2", "t".repeat(200_000)));
  }

  private void registerInVain(String client, String id) {
    assertThatThrownBy(
            () ->
                quota.register(
                    Set.of(new InstanceId(NODE, id)),
                    client,
                    0,
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
          0,
          () -> {
            catalog.write(to -> to.putService(service(id)));
            catalog.write(to -> to.removeService(NODE, id)); // as by another thread
          });
    }

    registerAllThatMay("a");
  }
}
