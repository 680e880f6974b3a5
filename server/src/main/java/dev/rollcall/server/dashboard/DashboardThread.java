package dev.rollcall.server.dashboard;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** One thread that is there while it has something to do. */
final class DashboardThread {
  private static final int IDLE_SECONDS = 10;

  private DashboardThread() {}

  static ThreadPoolExecutor open(String name, BlockingQueue<Runnable> queue) {
    ThreadPoolExecutor thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            queue,
            task -> {
              Thread made = new Thread(task, name);
              made.setDaemon(true);
              return made;
            });
    thread.allowCoreThreadTimeOut(true);
    return thread;
  }
}
