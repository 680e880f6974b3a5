package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class RecentViewsTest {
  private final Timer timer = new ManualTimer();
  private final Dispatcher dispatcher =
      new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run);
  private final Answers answers = new Answers(timer, dispatcher);
  private final LossGuard guard = new LossGuard(timer, null, 1, Duration.ofMinutes(5));
  private final RecentViews views = new RecentViews();

  private CachedView view(String name) {
    InstanceCache cache = new InstanceCache(name, timer, guard.window());
    return new CachedView(
        name, cache, new WatchedService(name, cache, guard, dispatcher, answers, () -> {}));
  }

  /** Equal and not identical, as a caller's name is. */
  private static String fresh(String name) {
    return new String(name.toCharArray());
  }

  /** Names that have one hash: each pair of letters has the same as any other of these. */
  private static List<String> collisions(int pairs) {
    List<String> names = new ArrayList<>(List.of(""));
    for (int n = 0; n < pairs; n++) {
      List<String> longer = new ArrayList<>();
      for (String name : names) {
        longer.add(name + "Aa");
        longer.add(name + "BB");
      }
      names = longer;
    }
    return names;
  }

  @Test
  void get_ofManyRandomNames_agreesWithAMap() {
    Random random = new Random(7);
    Map<String, CachedView> model = new HashMap<>();
    for (int n = 0; n < 3000; n++) {
      CachedView view = view("s" + random.nextInt(2000));
      views.put(view);
      model.put(view.service(), view);
    }
    int found = 0;
    for (int n = 0; n < 2000; n++) {
      CachedView view = views.get(fresh("s" + n));
      if (view != null) {
        assertThat(view).isSameAs(model.get("s" + n));
        found++;
      }
    }
    assertThat(found).as("it is rare that one has no place").isGreaterThan(model.size() * 99 / 100);
    assertThat(views.get("absent")).isNull();
  }

  @Test
  void put_ofNamesWithOneHash_keepsAFewAndStaysSmall() {
    List<String> names = collisions(10);
    assertThat(names.stream().map(String::hashCode).distinct()).hasSize(1);
    for (String name : names) {
      CachedView view = view(name);
      views.put(view);
      CachedView found = views.get(fresh(name));
      assertThat(found == null || found == view).isTrue();
    }
    long kept = names.stream().filter(name -> views.get(name) != null).count();
    assertThat(kept).isEqualTo(8);
    CachedView usual = view("orders");
    views.put(usual);
    assertThat(views.get("orders")).isSameAs(usual);
    assertThat(views.slots()).isLessThanOrEqualTo(256);
  }

  @Test
  void put_ofAViewMadeAnew_replacesTheOldOne() {
    views.put(view("orders"));
    CachedView anew = view("orders");
    views.put(anew);
    assertThat(views.get("orders")).isSameAs(anew);
  }

  @Test
  void clear_forgetsAll() {
    for (int n = 0; n < 100; n++) {
      views.put(view("s" + n));
    }
    views.clear();
    for (int n = 0; n < 100; n++) {
      assertThat(views.get("s" + n)).isNull();
    }
    assertThat(views.slots()).isEqualTo(64);
  }

  @Test
  void get_whileOthersArePut_findsNoneButItsOwn() throws InterruptedException {
    List<CachedView> all = new ArrayList<>();
    for (int n = 0; n < 2000; n++) {
      all.add(view("s" + n));
    }
    AtomicBoolean over = new AtomicBoolean();
    AtomicBoolean wrong = new AtomicBoolean();
    Thread reader =
        new Thread(
            () -> {
              Random random = new Random(3);
              while (!over.get()) {
                String name = "s" + random.nextInt(2000);
                CachedView view = views.get(name);
                if (view != null
                    && (!view.service().equals(name) || view.instances().size() != 0)) {
                  wrong.set(true);
                }
              }
            });
    reader.start();
    for (int round = 0; round < 50; round++) {
      all.forEach(views::put);
      views.clear();
    }
    over.set(true);
    reader.join();
    assertThat(wrong).isFalse();
  }
}
