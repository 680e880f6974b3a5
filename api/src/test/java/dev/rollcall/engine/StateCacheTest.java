package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.engine.StateFile.Kept;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is written when, and what is read, in a time that stands still. */
class StateCacheTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path root;

  private final RecordedLog log = new RecordedLog();
  private final ManualTimer timer = new ManualTimer();
  private final Map<String, ViewSnapshot> states = new LinkedHashMap<>();
  private long wallMillis = 1_700_000_000_000L;
  private StateFolder folder;
  private StateCache cache;

  @BeforeEach
  void open() {
    folder = new StateFolder(root.resolve("cache"), "scripted://a");
    cache = cache(folder);
  }

  @AfterEach
  void closeLog() {
    log.close();
  }

  private StateCache cache(StateFolder in) {
    StateCache made =
        new StateCache(
            in,
            DAY,
            () -> Instant.ofEpochMilli(wallMillis),
            timer,
            RealMachine.INSTANCE,
            keep -> {});
    made.prepare();
    return made;
  }

  private void write(StateCache to, boolean last) {
    to.pass(keep -> states.values().forEach(keep), last);
  }

  private void live(String service, ServiceInstance... instances) {
    show(service, InstanceList.of(List.of(instances)), Timestamp.LIVE);
  }

  private void show(String service, InstanceList all, Freshness freshness) {
    states.put(service, new ViewSnapshot(service, all, all.passing(), 1, 1, freshness));
  }

  private void pass(Duration time) {
    wallMillis += time.toMillis();
    timer.advance(time);
  }

  private Kept onDisk(String service) throws Exception {
    return StateFile.read(folder.read(service), folder.store(), service);
  }

  @Test
  void state_isReadByTheNextProcess_withItsAge() {
    live("orders", Samples.instance("a"), Samples.instance("b"));
    write(cache, false);
    pass(Duration.ofHours(3));

    StateCache.Loaded loaded = cache(folder).load("orders");
    assertThat(loaded.instances()).containsExactly(Samples.instance("a"), Samples.instance("b"));
    assertThat(loaded.live().age()).isEqualTo(Duration.ofHours(3));
    pass(Duration.ofSeconds(1));
    assertThat(loaded.live().age()).isEqualTo(Duration.ofHours(3).plusSeconds(1));
    assertThat(cache.load("payments")).isNull();
  }

  @Test
  void unchangedState_isWrittenOnceAMinute_soThatItsAgeIsNoFurtherOff() throws Exception {
    live("orders", Samples.instance("a"));
    write(cache, false);
    long first = onDisk("orders").liveMillis();
    pass(StateCache.REFRESH.minusSeconds(1));
    write(cache, false);
    assertThat(onDisk("orders").liveMillis()).isEqualTo(first);
    pass(Duration.ofSeconds(1));
    write(cache, false);
    assertThat(onDisk("orders").liveMillis()).isEqualTo(first + StateCache.REFRESH.toMillis());
    pass(Duration.ofSeconds(20));
    write(cache, true);
    assertThat(onDisk("orders").liveMillis()).as("at the close").isEqualTo(wallMillis);
  }

  @Test
  void staleState_saysWhenItWasLiveLast() throws Exception {
    InstanceList all = InstanceList.of(Samples.instances(3));
    Timestamp lost = Timestamp.now(timer);
    long then = wallMillis;
    pass(Duration.ofMinutes(10));
    show("orders", all, lost.stale(RegistryException.unavailable("it is down", null)));
    write(cache, false);

    assertThat(onDisk("orders")).isEqualTo(new Kept(then, onDisk("orders").instances()));
    assertThat(onDisk("orders").instances()).hasSize(3);
  }

  @Test
  void pass_writesNoMoreThanItMay_andLeavesNothingOutForLong() {
    for (int n = 0; n < StateCache.MOST + 30; n++) {
      live("s" + n, Samples.instanceOf("s" + n, "a"));
    }
    write(cache, false);
    assertThat(kept()).isEqualTo(StateCache.MOST);
    write(cache, false);
    assertThat(kept()).isEqualTo(StateCache.MOST + 30);

    pass(StateCache.REFRESH);
    for (int passes = 1; passes <= 3; passes++) {
      write(cache, false);
      assertThat(upToDate()).isEqualTo((long) passes * StateCache.MOST_REFRESHED);
    }
  }

  private long kept() {
    return states.keySet().stream().filter(service -> cache.load(service) != null).count();
  }

  private long upToDate() {
    return states.keySet().stream()
        .filter(service -> cache.load(service).live().age().isZero())
        .count();
  }

  @Test
  void stateThatIsTooOld_isNotShown() {
    live("orders", Samples.instance("a"));
    write(cache, false);
    pass(DAY);
    assertThat(cache.load("orders")).isNotNull();
    pass(Duration.ofMillis(1));
    assertThat(cache.load("orders")).isNull();
    assertThat(log.lines())
        .containsExactly("INFO cache: the state of service orders is not used: it is PT24H old");
  }

  @Test
  void clockThatWasSetBack_isNoReasonToBelieveAnAge() {
    live("orders", Samples.instance("a"));
    write(cache, false);
    wallMillis -= 60_000;
    assertThat(cache.load("orders").live().age()).isZero();
    wallMillis -= 1;
    assertThat(cache.load("orders")).isNull();
    assertThat(log.warnings())
        .containsExactly(
            "cache: the state of service orders is not used: it is from the future, by PT1M");

    write(cache, false); // of a process that lives through it
    assertThat(cache.load("orders").live().age()).isZero();
  }

  @Test
  void damagedFile_isAWarning_andNoState() throws IOException {
    live("orders", Samples.instance("a"));
    write(cache, false);
    byte[] torn = folder.read("orders");
    torn[torn.length - 1]++;
    Files.write(folder.file("orders"), torn);

    assertThat(cache.load("orders")).isNull();
    assertThat(log.warnings())
        .containsExactly(
            "cache: the state of service orders is not used: it is damaged: its length or checksum"
                + " is wrong");
  }

  @Test
  void folderThatCannotBeWritten_isOneWarning_andOneLineWhenItCan() throws Exception {
    Path inTheWay = Files.writeString(root.resolve("file"), "");
    folder = new StateFolder(inTheWay, "scripted://a");
    cache = cache(folder);
    live("orders", Samples.instance("a"));
    for (int n = 0; n < 5; n++) {
      write(cache, false);
    }
    assertThat(cache.load("orders")).isNull();
    assertThat(log.lines())
        .singleElement()
        .asString()
        .startsWith("WARN cache: " + folder.path() + " cannot be used, and is tried again: ");

    Files.delete(inTheWay);
    write(cache, false);
    write(cache, false);
    assertThat(onDisk("orders").instances()).hasSize(1);
    assertThat(log.lines())
        .hasSize(2)
        .endsWith("INFO cache: " + folder.path() + " is written again");
  }

  @Test
  void folderThatIsTakenAway_isMadeAgain() throws Exception {
    live("orders", Samples.instance("a"));
    write(cache, false);
    Files.delete(folder.file("orders"));
    Files.delete(folder.path());
    live("orders", Samples.instance("b"));
    write(cache, false);
    assertThat(log.warnings()).hasSize(1);
    write(cache, false);
    assertThat(onDisk("orders").instances()).containsExactly(Samples.instance("b"));
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void folderThatOthersCanWriteTo_isNeitherReadNorWritten() throws Exception {
    live("orders", Samples.instance("a"));
    write(cache, false);
    Files.setPosixFilePermissions(folder.path(), PosixFilePermissions.fromString("rwxrwxrwx"));
    byte[] before = folder.read("orders");
    live("orders", Samples.instance("b"));
    StateCache next = cache(folder);
    write(next, false);

    assertThat(next.load("orders")).isNull();
    assertThat(folder.read("orders")).isEqualTo(before);
    assertThat(log.warnings()).hasSize(1);
  }

  @Test
  void twoProcesses_writeWholeStates_andTheLastOneWins() throws Exception {
    StateCache other = cache(new StateFolder(root.resolve("cache"), "scripted://a"));
    live("orders", Samples.instance("a"));
    write(cache, false);
    live("orders", Samples.instance("b"));
    write(other, false);
    assertThat(onDisk("orders").instances()).containsExactly(Samples.instance("b"));
    pass(StateCache.REFRESH);
    live("orders", Samples.instance("c"));
    write(cache, false);
    assertThat(onDisk("orders").instances()).containsExactly(Samples.instance("c"));
  }
}
