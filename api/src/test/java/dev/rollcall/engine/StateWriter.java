package dev.rollcall.engine;

import dev.rollcall.ServiceInstance;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Processes that write states, to be killed or starved by {@link TornWriteTest}. All instances of
 * one state bear its number, which also says how many they are.
 */
final class StateWriter {
  static final String STORE = "scripted://killed";
  private static final int FEW = 10;
  private static final int MANY = 2000;

  private final StateFolder folder;
  private final StateCache cache;

  private StateWriter(Path root) {
    folder = new StateFolder(root, STORE);
    cache =
        new StateCache(
            folder,
            Duration.ofDays(1),
            InstantSource.system(),
            new ManualTimer(),
            RealMachine.INSTANCE,
            keep -> {});
    cache.prepare();
  }

  public static void main(String[] arguments) {
    StateWriter writer = new StateWriter(Path.of(arguments[1]));
    if (arguments[0].equals("killed")) {
      writer.writeUntilKilled();
    } else {
      writer.writeWithLittleSpace();
    }
  }

  private void writeUntilKilled() {
    Thread orphan = new Thread(StateWriter::endWithTheTest, "end-with-the-test");
    orphan.setDaemon(true);
    orphan.start();
    for (int number = 1; ; number++) {
      write(number, count(number));
      if (number == 1) {
        System.out.println("writing");
      }
    }
  }

  /** The input of a process ends with the one that has started it. */
  private static void endWithTheTest() {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException ended) {
      // as below
    }
    Runtime.getRuntime().halt(1);
  }

  /** Says what the log says, and what is on disk meanwhile. */
  private void writeWithLittleSpace() {
    try (RecordedLog log = new RecordedLog()) {
      write(1, FEW);
      for (int number = 2; number < 5; number++) {
        write(number, MANY);
      }
      System.out.println("on disk: " + cache.load("orders").instances().get(0).metadata());
      write(5, FEW);
      System.out.println("on disk: " + cache.load("orders").instances().get(0).metadata());
      log.lines().forEach(System.out::println);
      System.out.println("files: " + folder.path().toFile().list().length);
    }
  }

  private void write(int number, int count) {
    List<ServiceInstance> instances = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      instances.add(
          ServiceInstance.builder("orders")
              .id("i" + i)
              .address("127.0.0.1", 8080)
              .metadata("number", Integer.toString(number))
              .build());
    }
    InstanceList all = InstanceList.of(instances);
    ViewSnapshot state = new ViewSnapshot("orders", all, all, number, number, Timestamp.LIVE);
    cache.pass(keep -> keep.accept(state), false);
  }

  static int count(int number) {
    return MANY + number % 100;
  }
}
