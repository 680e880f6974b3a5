package dev.rollcall.server.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Playwright;
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
import dev.rollcall.server.access.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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
    assertThat(contrastFaults(light)).isEmpty();

    var dark = open(1280, 900, ColorScheme.DARK);
    dark.locator(".toggle", hasText("orders")).click();
    assertThat(dark.locator("#link-text")).hasText("Live");
    picture(dark, "dark", false);
    assertThat(contrastFaults(dark)).isEmpty();

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
    assertThat(page.locator(".instance .health")).hasText("critical");
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
    page.getByLabel("Failing").check();
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
    page.keyboard().press("Space");
    assertThat(orders).hasAttribute("aria-expanded", "false");
    // What a screen reader finds.
    assertThat(page.getByRole(AriaRole.HEADING, named("Services"))).isVisible();
    assertThat(page.getByRole(AriaRole.SEARCHBOX)).isVisible();
    assertThat(page.getByRole(AriaRole.RADIO)).hasCount(2);
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
    assertThat(page.locator(".tags li")).hasText(new String[] {SCRIPT});
    page.locator("#search").fill("");
    assertThat(page.locator("main img, main script, main b.x, main [onmouseover], main [onerror]"))
        .hasCount(0);
    for (Locator link : page.locator("main a").all()) {
      assertThat(link.getAttribute("href")).matches("https?://[^@]+");
      assertThat(link.getAttribute("rel")).contains("noopener");
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
    Path file = folder.resolve("tokens");
    Files.writeString(file, "look token:" + token + " read\n");
    Files.setPosixFilePermissions(
        file, PosixFilePermissions.fromString("rw-------"));
    centre.close();
    centre = new Page(AccessControl.of(Tokens.read(file), Limits.standard()));
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
    assertThat(shown).isLessThan(1_000);
    assertThat(loaded).isLessThan(1_000);
    page.locator(".toggle").first().click();
    assertThat(page.locator(".instance")).hasCount(20);
    assertThat(complaints).isEmpty();
  }

  /** Texts whose contrast is below what WCAG AA asks for. */
  @SuppressWarnings("unchecked")
  private static List<String> contrastFaults(com.microsoft.playwright.Page page) {
    return (List<String>)
        page.evaluate(
            """
            () => {
              const parse = (color) => (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
              const light = (color) => {
                const [r, g, b] = color.slice(0, 3).map((part) => {
                  const value = part / 255;
                  return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const ground = (node) => {
                for (let at = node; at; at = at.parentElement) {
                  const color = parse(getComputedStyle(at).backgroundColor);
                  if (color.length < 4 || color[3] === 1) return color;
                }
                return [255, 255, 255];
              };
              const faults = [];
              for (const node of document.querySelectorAll("body *")) {
                const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
                if (!own || !node.checkVisibility() || node.closest(".unseen, .skip, noscript, dialog, script")) continue;
                const front = light(parse(getComputedStyle(node).color));
                const back = light(ground(node));
                const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
                if (ratio < 4.5) faults.push(node.className + ' "' + node.textContent.slice(0, 30) + '" ' + ratio.toFixed(2));
              }
              return faults;
            }
            """);
  }

  private com.microsoft.playwright.Page open(int width, int height, ColorScheme scheme) {
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
    page.navigate(centre.url() + "/");
    return page;
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
