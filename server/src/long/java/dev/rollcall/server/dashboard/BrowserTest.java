package dev.rollcall.server.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.Resources;
import com.linecorp.armeria.common.HttpMethod;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page as a person sees it, in a real browser. Leaves its pictures in target/screenshots. */
@Tag("long")
@Timeout(180)
class BrowserTest {
  private static final String REGISTER = "/v1/agent/service/register";
  private static final String PUT =
      "async (path) => (await fetch(path, {method: 'PUT', body: 'x'})).status";
  private static final String AXE = resource("/axe.min.js");
  private static final Path PICTURES = Path.of("target", "screenshots");
  private static final String SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>";

  private static Playwright playwright;
  private static Browser browser;

  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private Page centre = new Page();
  private BrowserContext context;

  @BeforeAll
  static void start() throws IOException {
    Path chromium = Chromium.find();
    Files.createDirectories(PICTURES);
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(chromium)
                    .setArgs(List.of("--no-sandbox")));
  }

  @AfterAll
  static void stop() {
    if (playwright != null) {
      playwright.close();
    }
  }

  @AfterEach
  void close() {
    if (context != null) {
      context.close();
    }
    centre.close();
  }

  @Test
  void page_showsWhoIsThere_inLightAndDarkAndOnAPhone() {
    centre.fill();
    Registration changing = centre.register(instance("orders", "orders-6"));
    var light = open(1280, 900, ColorScheme.LIGHT);
    assertThat(light.locator("#link-text")).hasText("Live");
    assertThat(light.locator("#sum-services")).hasText("6");
    assertThat(light.locator("#sum-instances")).hasText("24");
    assertThat(light.locator("#sum-critical")).hasText("1");
    assertThat(light.locator("#list .name"))
        .hasText(
            new String[] {"inventory", "LogService", "orders", "payments", "search", "überweisung"});
    light.locator(".toggle", hasText("orders")).click();
    light.locator(".toggle", hasText("payments")).click();
    changing.health(Health.WARNING).join();
    assertThat(light.locator("#history li").first()).containsText("orders is warning");
    picture(light, "light", false);
    assertThat(axe(light)).isEmpty();

    var dark = open(1280, 900, ColorScheme.DARK);
    dark.locator(".toggle", hasText("orders")).click();
    assertThat(dark.locator("#link-text")).hasText("Live");
    picture(dark, "dark", false);
    assertThat(axe(dark)).isEmpty();

    var phone = open(390, 844, ColorScheme.LIGHT);
    phone.locator(".toggle", hasText("orders")).click();
    assertThat(phone.locator("#link-text")).hasText("Live");
    picture(phone, "phone", true);
    // Nothing is cut off at the side.
    assertThat((Integer) phone.evaluate("document.documentElement.scrollWidth")).isEqualTo(390);
    var small = open(320, 700, ColorScheme.DARK);
    small.locator(".toggle", hasText("payments")).click();
    picture(small, "phone-small-dark", true);
    assertThat((Integer) small.evaluate("document.documentElement.scrollWidth")).isEqualTo(320);
    assertThat(complaints).isEmpty();
  }

  @Test
  void page_nobodyThere_saysSo_andFollowsWhatComes() {
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#empty")).isVisible();
    assertThat(page.locator("#example")).containsText(centre.url() + "/v1/agent/service/register");
    picture(page, "empty", false);

    Registration first = centre.register(instance("orders", "o1").metadata("version", "1"));
    assertThat(page.locator("#empty")).isHidden();
    page.locator(".toggle").click();
    assertThat(page.locator(".instance .facts")).hasText("version1");
    first.update(first.instance().toBuilder().metadata("version", "2").build()).join();
    assertThat(page.locator(".instance .facts")).hasText("version2");
    first.health(Health.CRITICAL).join();
    assertThat(page.locator(".instance > .health")).hasText("critical");
    assertThat(page).hasTitle("(1) Rollcall");
    first.deregister().join();
    assertThat(page.locator("#empty")).isVisible();
    assertThat(page.locator("#history li").first()).containsText("orders left");
    assertThat(page.locator("#told")).not().hasText("");
    assertThat(complaints).isEmpty();
  }

  @Test
  void search_narrowsTheList_byAnythingThatIsShown() {
    centre.fill();
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#list .service")).hasCount(6);
    page.keyboard().press("/");
    assertThat(page.locator("#search")).isFocused();
    page.keyboard().type("9f3c1e7 10.0.1.4");
    assertThat(page.locator("#list .name")).hasText(new String[] {"orders"});
    assertThat(page.locator("#found")).hasText("1 of 6");
    page.keyboard().press("Escape");
    assertThat(page.locator("#list .service")).hasCount(6);
    page.locator("#search").fill("nobody has this");
    assertThat(page.locator("#none")).hasText("No instance matches “nobody has this”.");
    page.locator("#search").fill("");
    page.locator("#health").selectOption("failing");
    assertThat(page.locator("#list .name")).hasText(new String[] {"orders", "payments"});
    page.locator(".toggle").first().click();
    assertThat(page.locator(".instance")).hasCount(1);
    assertThat(complaints).isEmpty();
  }

  @Test
  void keyboard_reachesAndOperatesEverything() {
    centre.fill();
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#list .service")).hasCount(6);
    page.locator("#search").focus();
    page.keyboard().press("ArrowDown");
    page.keyboard().press("ArrowDown");
    page.keyboard().press("ArrowDown");
    Locator orders = page.locator(".toggle", hasText("orders"));
    assertThat(orders).isFocused();
    page.keyboard().press("Enter");
    assertThat(orders).hasAttribute("aria-expanded", "true");
    assertThat(page.locator(".instance")).hasCount(5);
    page.keyboard().press("Tab");
    assertThat(page.locator(".instance .address a").first()).isFocused();
    page.keyboard().press("Shift+Tab");
    assertThat(orders).isFocused();
    page.keyboard().press("Space");
    assertThat(orders).hasAttribute("aria-expanded", "false");
    // What a screen reader finds.
    assertThat(page.getByRole(AriaRole.HEADING, named("Services"))).isVisible();
    assertThat(page.getByRole(AriaRole.SEARCHBOX)).isVisible();
    assertThat(page.getByRole(AriaRole.COMBOBOX)).hasCount(2);
    assertThat(page.getByRole(AriaRole.MAIN)).isVisible();
    assertThat(page.getByRole(AriaRole.COMPLEMENTARY)).isVisible();
    assertThat(page.getByRole(AriaRole.BUTTON, named("orders 5 instances · 1 critical"))).isVisible();
    page.getByRole(AriaRole.BUTTON, named("Theme: auto")).press("Enter");
    assertThat(page.locator("html")).hasAttribute("data-theme", "light");
    assertThat(complaints).isEmpty();
  }

  @Test
  void strangersWords_areText() {
    centre.register(
        instance("evil" + SCRIPT.replace("/", ""), "<b>id</b>".replace("/", ""))
            .tag(SCRIPT)
            .zone(SCRIPT)
            .metadata("script", "javascript:alert(1)")
            .metadata("data", "data:text/html,<script>alert(1)</script>")
            .metadata("user", "http://user:password@example.com/")
            .metadata("link", "https://example.com/\"onmouseover=\"alert(1)")
            .metadata("markup", SCRIPT));
    centre.register(instance("odd", "odd").scheme("javascript"));
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#list .service")).hasCount(2);
    for (Locator toggle : page.locator(".toggle").all()) {
      toggle.click();
    }
    page.locator("#search").fill(SCRIPT);
    assertThat(page.locator(".instance")).hasCount(1);
    assertThat(page.locator(".tags li")).hasText(new String[] {SCRIPT});
    page.locator("#search").fill("");
    assertThat(page.locator("main img, main script, main b.x, main [onmouseover], main [onerror]"))
        .hasCount(0);
    assertThat(page.locator("main a[target=_blank]")).not().hasCount(0);
    for (Locator link : page.locator("main a").all()) {
      String href = link.getAttribute("href");
      if (!href.startsWith("?") && !href.equals("/")) {
        assertThat(href).matches("https?://[^@]+");
        assertThat(link.getAttribute("rel")).contains("noopener");
      }
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void centreGone_saysSo_andComesBack() throws IOException {
    int port = centre.port();
    centre.register(instance("orders", "o1"));
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#list .service")).hasCount(1);

    centre.close();
    assertThat(page.locator("#link-text")).hasText("Disconnected");
    assertThat(page.locator("#notice")).isVisible();
    assertThat(page.locator("#list .service")).hasCount(1);
    picture(page, "disconnected", false);

    centre = new Page(AccessControl.withoutTokens(Limits.standard()), port);
    centre.register(instance("payments", "p1"));
    assertThat(page.locator("#link-text"))
        .hasText("Live", new LocatorAssertions.HasTextOptions().setTimeout(60_000));
    assertThat(page.locator("#list .name")).hasText(new String[] {"payments"});
    assertThat(page.locator("#notice")).isHidden();
  }

  @Test
  void tokenNeeded_isAskedFor(@TempDir Path folder) throws IOException {
    String token = "a-token-of-24-characters";
    centre.close();
    centre = Page.withTokens(folder, "look token:" + token + " read\n");
    centre.register(instance("orders", "o1"));
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#sign-in")).isVisible();
    picture(page, "sign-in", false);
    page.locator("#token").fill("not-the-token-0123456789");
    page.keyboard().press("Enter");
    assertThat(page.locator("#sign-in-why")).hasText("The centre does not know that token.");
    page.locator("#token").fill(token);
    page.keyboard().press("Enter");

    assertThat(page.locator("#list .name")).hasText(new String[] {"orders"});
    assertThat(page.locator("#sign-in")).isHidden();
    assertThat(page.url()).doesNotContain("token");
    assertThat(page.locator("#who")).hasText("look");
    page.getByText("Sign out").click();
    assertThat(page.locator("#sign-in")).isVisible();
    assertThat(page.locator("#list .name")).hasCount(0);
  }

  @Test
  void everyView_hasNoFaultOfAxe_andFitsPhones() {
    centre.fill();
    registerFailing();
    centre.put("/v1/kv/config/db/url", "postgres://db.internal/orders");
    centre.put("/v1/kv/config/" + "a-long-name-without-a-break-".repeat(5), "x");
    centre.put("/v1/session/create", "{\"Name\": \"migration\", \"TTL\": \"1h\"}");
    centre.put("/v1/event/fire/deploy", "v2.4.1");
    for (String view :
        List.of(
            "/?open=orders&open=ledger",
            "/?q=nobody-has-this",
            "/?view=nodes",
            "/?view=keys&key=config/",
            "/?view=keys&key=config/db/url",
            "/?view=keys&edit=new",
            "/?view=sessions",
            "/?view=events")) {
      String name = view.replaceAll("[^a-z]+", "-");
      for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
        var page = open(1280, 900, scheme, view);
        awaitView(page);
        assertThat(axe(page)).as("%s %s", view, scheme).isEmpty();
        picture(page, "view" + name + "-" + scheme.name().toLowerCase(Locale.ROOT), true);
      }
      for (int width : List.of(390, 320)) {
        var phone = open(width, 844, ColorScheme.LIGHT, view);
        awaitView(phone);
        picture(phone, "view" + name + "-" + width, true);
        assertThat((Integer) phone.evaluate("document.documentElement.scrollWidth"))
            .as("%s %d", view, width)
            .isEqualTo(width);
        assertThat(axe(phone)).as("%s %d", view, width).isEmpty();
      }
    }
    var asking = open("/?open=ledger");
    asking.getByText("Deregister…").click();
    assertThat(asking.locator("#confirm")).isVisible();
    assertThat(axe(asking)).isEmpty();
    picture(asking, "confirm", false);
    assertThat(complaints).isEmpty();
  }

  /** Until what a view asks for is there. */
  private static void awaitView(com.microsoft.playwright.Page page) {
    assertThat(page.locator("#link-text")).hasText("Live");
    assertThat(
            page.locator(
                "#view-services .instance:visible, #none:visible, #node-list h3:visible,"
                    + " #key-list a:visible, #session-list h3:visible, #event-list h3:visible"))
        .not()
        .hasCount(0);
  }

  private void registerFailing() {
    centre.put(
        REGISTER,
        """
        {"Name": "ledger", "ID": "ledger-1", "Address": "10.0.7.1", "Port": 8080, "Checks": [
          {"CheckID": "db", "Name": "database", "TTL": "1h", "Notes": "ask the ledger team"},
          {"CheckID": "disk", "Name": "disk", "TTL": "1h", "Status": "passing"}]}
        """);
    centre.put("/v1/agent/check/fail/db?note=connection+refused%0Aafter+3+tries", "");
  }

  @Test
  void critical_isExplained_withOutputAndSinceWhenAndTheZone() {
    registerFailing();
    var page = open("/?open=ledger");
    Locator check = page.locator(".check").first();
    assertThat(check).isVisible();
    assertThat(check.locator(".health")).hasText("critical");
    assertThat(check.locator("b")).hasText("database");
    assertThat(check).containsText("ttl");
    assertThat(check.locator(".output")).hasText("connection refused\nafter 3 tries");
    assertThat(check.locator(".since"))
        .hasText(
            Pattern.compile(
                "critical for \\d+ s, since \\d+ \\w+ \\d{4},? (at )?\\d\\d:\\d\\d:\\d\\d (UTC|GMT.*|[A-Z]+)"));
    assertThat(check).containsText("Notes: ask the ledger team");
    assertThat(page.locator(".checks summary")).hasText("3 checks: 1 critical, 2 passing");
    // What it says goes on being shown, although its status is the same.
    centre.put("/v1/agent/check/fail/db?note=no+route", "");
    assertThat(check.locator(".output"))
        .hasText("no route", new LocatorAssertions.HasTextOptions().setTimeout(20_000));
    centre.put("/v1/agent/check/pass/db", "");
    assertThat(page.locator(".instance > .health")).hasText("passing");
    assertThat(complaints).isEmpty();
  }

  @Test
  void filters_liveInTheAddress_andTheWayBackLeadsThroughThem() {
    centre.fill();
    registerFailing();
    var page = open("/");
    page.locator("#tag").fill("pci");
    assertThat(page.locator("#list .name")).hasText(new String[] {"payments"});
    assertThat(page).hasURL(centre.url() + "/?tag=pci");
    page.locator("#health").selectOption("critical");
    assertThat(page.locator("#none")).hasText("No instance has the tag “pci” and is critical.");
    page.locator("#tag").fill("");
    assertThat(page.locator("#list .name")).hasText(new String[] {"ledger", "orders"});
    page.locator("#node").fill("centre");
    assertThat(page.locator("#list .name")).hasText(new String[] {"ledger"});
    page.locator(".toggle").click();
    assertThat(page).hasURL(centre.url() + "/?health=critical&node=centre&open=ledger");
    page.reload();
    assertThat(page.locator("#list .name")).hasText(new String[] {"ledger"});
    assertThat(page.locator("#node")).hasValue("centre");
    assertThat(page.locator(".instance")).hasCount(1);

    page.getByRole(AriaRole.LINK, named("Nodes")).click();
    assertThat(page.locator("#node-list h3")).hasText(new String[] {"centre", "memory"});
    page.locator("#sort").selectOption("health");
    page.getByRole(AriaRole.LINK, named("memory")).click();
    assertThat(page).hasURL(centre.url() + "/?node=memory");
    assertThat(page.locator("#list .service")).hasCount(6);
    page.locator("#sort").selectOption("health");
    assertThat(page.locator("#list .name").first()).hasText("orders");
    page.goBack();
    assertThat(page.locator("#view-nodes")).isVisible();
    page.goBack();
    assertThat(page).hasURL(centre.url() + "/?health=critical&node=centre&open=ledger");
    assertThat(page.locator(".instance")).hasCount(1);
    // An instance has an address of its own.
    page.getByRole(AriaRole.LINK, named("Link to ledger-1 on centre")).click();
    assertThat(page).hasURL(centre.url() + "/?node=centre&id=ledger-1&open=ledger");
    assertThat(page.locator("#only")).containsText("Only the id ledger-1");
    page.getByRole(AriaRole.LINK, named("Show all")).click();
    assertThat(page.locator("#only")).isHidden();
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatCannotBeSeen_isShownAsEscapes() {
    centre.put(
        REGISTER,
        """
        {"Name": "pay\\u202egnol", "ID": "pay\\u202egnol-1", "Port": 1,
         "Tags": ["a\\u200bb\\u2066c"],
         "Meta": {"k": "y\\u2028z\\ufeff", "url": "https://example.com/\\u202etxt.exe"}}
        """);
    centre.put(
        REGISTER,
        """
        {"Name": "shown", "Port": 1, "Check": {"CheckID": "c", "TTL": "1h"}}
        """);
    centre.put(
        "/v1/agent/check/update/c",
        """
        {"Status": "critical", "Output": "\\u202edesrever\\u001b[31m\\nline"}
        """);
    centre.put("/v1/kv/odd", "a\u202eb");
    var page = open("/?open=pay%E2%80%AEgnol&open=shown");
    assertThat(page.locator("[aria-label='Output of c']")).hasText("\\u202edesrever\\u001b[31m\nline");
    assertThat(page.locator("#list .name"))
        .hasText(new String[] {"pay\\u202egnol", "shown"});
    assertThat(page.locator(".tags li")).hasText(new String[] {"a\\u200bb\\u2066c"});
    assertThat(page.locator(".facts dd").first()).hasText("y\\u2028z\\ufeff");
    assertThat(page.locator(".facts a")).hasCount(0);
    assertThat(page.locator(".name-of").first()).hasText("pay\\u202egnol-1");
    assertThat((Boolean) page.evaluate("/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)"))
        .isFalse();
    page.navigate(centre.url() + "/?view=keys&key=odd");
    assertThat(page.locator("#pair-value")).hasText("a\\u202eb");
    assertThat(page.locator("#pair-form")).isHidden(); // a text field would not keep it
    assertThat(complaints).isEmpty();
  }

  @Test
  void changes_areConfirmed_andTheCentresWordIsShownWhereItRefuses() {
    registerFailing();
    centre.put("/v1/agent/check/pass/db", "");
    centre.put("/v1/catalog/register", "{\"Node\": \"far\", \"Address\": \"10.0.0.9\","
        + " \"Service\": {\"Service\": \"worker\", \"ID\": \"w\"}}");
    var page = open("/?open=ledger&open=worker");
    page.getByText("Begin maintenance…").click();
    assertThat(page.locator("#confirm")).containsText("Begin the maintenance of ledger-1?");
    page.locator("#confirm-reason").fill("new disk & more");
    page.keyboard().press("Enter");
    assertThat(page.locator("#confirm")).isHidden();
    assertThat(page.locator(".check").first()).containsText("Notes: new disk & more");
    page.getByText("End maintenance…").click();
    page.locator("#confirm-do").click();
    assertThat(page.getByText("Begin maintenance…")).isVisible();

    Locator ledger = page.locator(".service", hasText("ledger"));
    ledger.getByText("Deregister…").click();
    assertThat(page.locator("#confirm-cancel")).isFocused();
    page.keyboard().press("Escape");
    assertThat(page.locator("#confirm")).isHidden();
    assertThat(ledger.locator(".instance")).hasCount(1);
    ledger.getByText("Deregister…").click();
    page.locator("#confirm-do").click();
    assertThat(page.locator("#list .name")).hasText(new String[] {"worker"});
    page.getByText("Deregister…").click();
    page.locator("#confirm-do").click();
    assertThat(page.locator("#empty")).isVisible();

    page.navigate(centre.url() + "/?view=nodes");
    page.locator(".row", hasText("far")).getByText("Deregister…").click();
    page.route("**/v1/catalog/deregister", route -> route.fulfill(refusal()));
    page.locator("#confirm-do").click();
    assertThat(page.locator("#confirm-fault")).hasText("Permission denied");
    page.unroute("**/v1/catalog/deregister");
    page.locator("#confirm-do").click();
    assertThat(page.locator("#node-list h3")).hasText(new String[] {"centre"});
    page.getByText("Begin maintenance…").click();
    page.locator("#confirm-do").click();
    assertThat(page.locator(".row > .health")).hasText("critical");
    assertThat(complaints.stream().filter(text -> !text.contains("403"))).isEmpty();
  }

  private static Route.FulfillOptions refusal() {
    return new Route.FulfillOptions().setStatus(403).setBody("Permission denied");
  }

  @Test
  void visitorWithoutARole_seesNoButtons_andIsRefusedByHand(@TempDir Path folder)
      throws IOException {
    String ops = "a-token-of-the-operators";
    String shop = "a-token-of-the-shop-team";
    centre.close();
    centre =
        Page.withTokens(
            folder,
            "ops token:" + ops + " admin\nshop token:" + shop
                + " read register:shop-\nanonymous - read\n");
    for (String name : List.of("orders", "shop-a")) {
      centre.put(REGISTER, ops, "{\"Name\": \"%s\", \"Port\": 80}".formatted(name));
    }
    centre.put("/v1/kv/a", ops, "1");
    String services = "/?open=orders&open=shop-a";
    var page = open(services);
    assertThat(page.locator(".instance")).hasCount(2);
    assertThat(page.locator("#who")).hasText("anonymous");
    assertThat(page.locator(".actions button")).hasCount(0);
    assertThat((Integer) page.evaluate(PUT, "/v1/agent/service/deregister/orders")).isEqualTo(403);
    assertThat((Integer) page.evaluate(PUT, "/v1/kv/a")).isEqualTo(403);
    page.navigate(centre.url() + "/?view=keys&key=a");
    assertThat(page.locator("#pair-value")).hasText("1");
    assertThat(page.locator("#pair-form, #pair-delete, #new-key").filter(visible())).hasCount(0);
    page.navigate(centre.url() + "/?view=nodes");
    assertThat(page.locator("#node-list h3")).hasCount(1);
    assertThat(page.locator(".actions button")).hasCount(0);

    signIn(page, services, shop);
    assertThat(page.locator("#who")).hasText("shop");
    assertThat(page.locator(".actions button"))
        .hasText(new String[] {"Begin maintenance…", "Deregister…"});
    assertThat(page.locator(".service", hasText("shop-a")).locator(".actions button")).hasCount(2);
    page.getByText("Sign out").click();
    assertThat(page.locator("#who")).hasText("anonymous");
    signIn(page, services, ops);
    assertThat(page.locator(".actions button")).hasCount(4);
    page.navigate(centre.url() + "/?view=keys&key=a");
    assertThat(page.locator("#pair-form")).isVisible();
    assertThat(page.url()).doesNotContain("token");
    assertThat((String) page.evaluate("JSON.stringify(localStorage)")).doesNotContain("token");
    assertThat(complaints.stream().filter(text -> !text.contains("403"))).isEmpty();
  }

  private void signIn(com.microsoft.playwright.Page page, String path, String token) {
    page.navigate(centre.url() + path);
    page.locator("#sign").click();
    page.locator("#token").fill(token);
    page.keyboard().press("Enter");
    assertThat(page.getByText("Sign out")).isVisible();
  }

  @Test
  void keys_areRead_written_andNeverOverwrittenUnseen() {
    centre.put("/v1/kv/config/db?flags=18446744073709551615", "one");
    centre.put("/v1/kv/config/web/port", "80");
    centre.put("/v1/kv/binary", "\u0000");
    var page = open("/?view=keys");
    assertThat(page.locator("#key-list li")).hasText(new String[] {"binary", "config/"});
    page.getByText("config/").click();
    assertThat(page.locator("#key-list li")).hasText(new String[] {"db", "web/"});
    page.getByText("db").click();
    assertThat(page).hasURL(centre.url() + "/?view=keys&key=config%2Fdb");
    assertThat(page.locator("#pair-text")).hasValue("one");
    assertThat(page.locator("#pair-facts")).containsText("18446744073709551615");
    page.locator("#pair-text").fill("two\nlines");
    page.getByText("Save").click();
    assertThat(page.locator("#pair-facts")).containsText("bytes9");
    assertThat(valueOf("config/db")).contains("\"Flags\":18446744073709551615");

    page.locator("#pair-text").fill("mine");
    centre.put("/v1/kv/config/db", "theirs");
    page.getByText("Save").click();
    assertThat(page.locator("#pair-fault")).containsText("changed meanwhile");
    assertThat(page.locator("#pair-text")).hasValue("mine");
    assertThat(valueOf("config/db")).contains("dGhlaXJz");
    page.reload();
    assertThat(page.locator("#pair-text")).hasValue("theirs");
    page.getByText("Delete…").click();
    page.locator("#confirm-cancel").click();
    page.getByText("Delete…").click();
    page.locator("#confirm-do").click();
    assertThat(page.locator("#key-list li")).hasText(new String[] {"web/"});

    page.getByText("New key").click();
    page.locator("#pair-name").fill("config/ä b");
    page.locator("#pair-text").fill("new");
    page.getByText("Save").click();
    assertThat(page.locator("#pair-title")).hasText("config/ä b");
    assertThat(page.locator("#key-list li")).hasText(new String[] {"web/", "ä b"});
    page.getByText("All keys").click();
    page.getByText("binary").click();
    assertThat(page.locator("#pair-value")).hasText("\\u0000");
    assertThat(page.locator("#pair-form")).isHidden();
    assertThat(complaints).isEmpty();
  }

  private String valueOf(String key) {
    return centre.send(HttpMethod.GET, "/v1/kv/" + key, "", "").contentUtf8();
  }

  @Test
  void sessionsAndEvents_areListed() {
    centre.put("/v1/session/create", "{\"Name\": \"migration\", \"TTL\": \"1h\"}");
    centre.put("/v1/event/fire/deploy", "v2.4.1");
    var page = open("/?view=sessions");
    assertThat(page.locator("#session-list h3")).hasText("migration");
    assertThat(page.locator("#session-list")).containsText("1h");
    page.getByText("End…").click();
    page.locator("#confirm-do").click();
    assertThat(page.locator("#no-sessions")).hasText("There are no sessions.");
    page.getByRole(AriaRole.LINK, named("Events")).click();
    assertThat(page.locator("#event-list h3")).hasText("deploy");
    assertThat(page.locator("#event-list .output")).hasText("v2.4.1");
    page.locator("#search").fill("nothing");
    assertThat(page.locator("#no-events")).hasText("None matches.");
    assertThat(complaints).isEmpty();
  }

  @Test
  void keyboard_alone_findsWhyAndDeregisters() {
    registerFailing();
    var page = open("/");
    assertThat(page.locator("#list .service")).hasCount(1);
    page.keyboard().press("/");
    page.keyboard().type("ledger");
    page.keyboard().press("ArrowDown");
    page.keyboard().press("Enter");
    assertThat(page.locator(".check")).hasCount(3);
    for (String wanted : List.of("Link", "Begin maintenance…", "Deregister…")) {
      tabTo(page, wanted);
    }
    page.keyboard().press("Enter");
    assertThat(page.locator("#confirm-cancel")).isFocused();
    page.keyboard().press("Tab");
    page.keyboard().press("Enter");
    assertThat(page.locator("#confirm")).isHidden();
    assertThat(page.locator("#empty")).isVisible();
    assertThat(complaints).isEmpty();
  }

  private static void tabTo(com.microsoft.playwright.Page page, String text) {
    for (int i = 0; i < 20; i++) {
      page.keyboard().press("Tab");
      if (page.evaluate("document.activeElement.textContent").equals(text)) {
        return;
      }
    }
    throw new AssertionError("the key Tab does not lead to " + text);
  }

  @Test
  void tenThousandInstances_areShown() {
    for (int i = 0; i < 10_000; i++) {
      var unused =
          centre.registry.register(
              instance("service-" + i % 500, "i" + i).build(), Liveness.permanent());
    }
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#sum-instances"))
        .hasText("10,000", new LocatorAssertions.HasTextOptions().setTimeout(60_000));
    assertThat(page.locator("#list .service")).hasCount(100);
    page.locator("#more").click();
    assertThat(page.locator("#list .service")).hasCount(200);
    page.locator("#search").fill("i9999");
    assertThat(page.locator("#list .name")).hasText(new String[] {"service-499"});
    assertThat(complaints).isEmpty();
  }

  @Test
  void fortyThousandInstances_areThereWithinASecond() {
    for (int i = 0; i < 40_000; i++) {
      var unused =
          centre.registry.register(
              instance("service-" + i % 2_000, "i" + i).build(), Liveness.permanent());
    }
    centre.awaitListed(40_000);
    open(1280, 900, ColorScheme.LIGHT); // starts the browser's processes
    var page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#sum-instances")).hasText("40,000");
    double shown =
        ((Number)
                page.evaluate(
                    "performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            .doubleValue();
    double loaded =
        ((Number)
                page.evaluate("performance.getEntriesByName('rollcall-listed')[0].startTime"))
            .doubleValue();
    double bytes =
        ((Number)
                page.evaluate(
                    "performance.getEntriesByType('resource').concat("
                        + "performance.getEntriesByType('navigation'))"
                        + ".reduce((sum, entry) => sum + entry.transferSize, 0)"))
            .doubleValue();
    System.out.printf(
        "40,000 instances: painted after %.0f ms, all listed after %.0f ms, %.0f bytes but for the"
            + " stream%n",
        shown, loaded, bytes);
    assertThat(shown).isLessThan(1_000);
    assertThat(loaded).isLessThan(1_000);
    page.locator(".toggle").first().click();
    assertThat(page.locator(".instance")).hasCount(20);
    assertThat(complaints).isEmpty();
  }

  /** What axe finds wrong with the page as it is, by rule and element. */
  @SuppressWarnings("unchecked")
  private static List<String> axe(com.microsoft.playwright.Page page) {
    page.evaluate(AXE);
    return (List<String>)
        page.evaluate(
            """
            async () => (await axe.run()).violations.flatMap((violation) =>
              violation.nodes.map((node) => violation.id + ": " + node.html.slice(0, 160)))
            """);
  }

  private com.microsoft.playwright.Page open(int width, int height, ColorScheme scheme) {
    return open(width, height, scheme, "/");
  }

  private com.microsoft.playwright.Page open(String path) {
    return open(1280, 900, ColorScheme.LIGHT, path);
  }

  private com.microsoft.playwright.Page open(
      int width, int height, ColorScheme scheme, String path) {
    if (context != null) {
      context.close();
    }
    context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setViewportSize(width, height)
                .setColorScheme(scheme)
                .setReducedMotion(ReducedMotion.REDUCE));
    com.microsoft.playwright.Page page = context.newPage();
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error") || message.type().equals("warning")) {
            complaints.add(message.text());
          }
        });
    page.onPageError(complaints::add);
    page.onDialog(
        dialog -> {
          complaints.add("a dialog: " + dialog.message());
          dialog.dismiss();
        });
    page.onRequest(
        request -> {
          if (!request.url().startsWith(centre.url())) {
            complaints.add("asked elsewhere: " + request.url());
          }
        });
    page.navigate(centre.url() + path);
    return page;
  }

  private static String resource(String name) {
    try {
      return Resources.toString(
          Resources.getResource(BrowserTest.class, name), StandardCharsets.UTF_8);
    } catch (IOException missing) {
      throw new UncheckedIOException(missing);
    }
  }

  private static Locator.FilterOptions visible() {
    return new Locator.FilterOptions().setVisible(true);
  }

  private static void picture(com.microsoft.playwright.Page page, String name, boolean whole) {
    page.evaluate("scrollTo(0, 0)");
    page.screenshot(
        new com.microsoft.playwright.Page.ScreenshotOptions()
            .setPath(PICTURES.resolve(name + ".png"))
            .setFullPage(whole));
  }

  private static com.microsoft.playwright.Page.LocatorOptions hasText(String text) {
    return new com.microsoft.playwright.Page.LocatorOptions().setHasText(text);
  }

  private static com.microsoft.playwright.Page.GetByRoleOptions named(String name) {
    return new com.microsoft.playwright.Page.GetByRoleOptions().setName(name).setExact(true);
  }

  private static ServiceInstance.Builder instance(String service, String id) {
    return ServiceInstance.builder(service).id(id).address("10.0.0.1", 80);
  }
}
