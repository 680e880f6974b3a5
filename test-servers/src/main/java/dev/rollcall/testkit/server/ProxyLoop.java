package dev.rollcall.testkit.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread behind a {@link FaultProxy}.
 *
 * <p>All connections, their bytes, the fault in force and the timers belong to the one thread that
 * runs here, so they need no lock. Other threads hand it commands through a queue and wait for
 * them. A command completes only after one more select, because a channel's descriptor is closed,
 * and its RST sent, when its cancelled key leaves the selector.
 *
 * <p>Ending is a command too: the loop runs it, frees everything and fails the commands behind it.
 */
final class ProxyLoop implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(FaultProxy.class);
  private static final int BACKLOG = 1024;
  private static final int SCRATCH_BYTES = 64 * 1024;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

  private final InetSocketAddress target;
  private final PortLease lease;
  private final Supplier<? extends Consumer<ByteBuffer>> requests;
  private final Selector selector;
  private final Thread thread;

  /** Any thread adds, the loop's thread takes. */
  private final Queue<Command> commands = new ConcurrentLinkedQueue<>();

  /** Written by any thread, read by the loop's thread. */
  private volatile boolean closing;

  /**
   * Written by the loop's thread before it looks at the queue for the last time, read by others
   * after they added: one of the two sees the command.
   */
  private volatile boolean freed;

  /** The rest is the loop thread's own, but for the counters, which others read. */
  private final Set<ProxyConnection> connections = new LinkedHashSet<>();

  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(Comparator.comparing(Timer::dueNanos, (a, b) -> Long.signum(a - b)));
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH_BYTES);
  private final RandomGenerator random = new SplittableRandom();
  private @Nullable ServerSocketChannel listener;
  private Fault fault = Fault.PASS;

  private final AtomicLong attempted = new AtomicLong();
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicLong bytesToTarget = new AtomicLong();
  private final AtomicLong bytesToClients = new AtomicLong();

  private ProxyLoop(
      InetSocketAddress target, PortLease lease, Supplier<? extends Consumer<ByteBuffer>> requests)
      throws IOException {
    this.target = target;
    this.lease = lease;
    this.requests = requests;
    this.selector = Selector.open();
    this.thread = new Thread(this, "rollcall-fault-proxy-" + lease.port(0));
    thread.setDaemon(true);
  }

  /** Takes the lease over where it succeeds. */
  static ProxyLoop start(
      InetSocketAddress target, PortLease lease, Supplier<? extends Consumer<ByteBuffer>> requests)
      throws IOException {
    ProxyLoop loop = new ProxyLoop(target, lease, requests);
    try {
      loop.listen();
    } catch (IOException e) {
      loop.selector.close();
      throw e;
    }
    loop.thread.start();
    return loop;
  }

  int port() {
    return lease.port(0);
  }

  ProxyCounts counts() {
    return new ProxyCounts(
        attempted.get(), active.get(), bytesToTarget.get(), bytesToClients.get());
  }

  void apply(Fault next) {
    await(
        () -> {
          fault = next;
          if (next.arrivals() != Fault.Arrivals.ACCEPT) {
            resetConnections();
          }
          if (next.arrivals() == Fault.Arrivals.REFUSE) {
            stopListening();
          } else {
            listen();
          }
          List.copyOf(connections).forEach(ProxyConnection::faultChanged);
        });
  }

  void resetAll() {
    await(this::resetConnections);
  }

  void close() {
    closing = true;
    selector.wakeup();
    try {
      thread.join(CLOSE_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void await(Action action) {
    Command command = new Command(action, new CompletableFuture<>());
    commands.add(command);
    selector.wakeup();
    if (freed) {
      failCommands();
    }
    Optional<Exception> failure = command.failure().join();
    if (failure.isEmpty()) {
      return;
    }
    if (failure.get() instanceof ClosedSelectorException) {
      throw new IllegalStateException(this + ": closed (expected: open)");
    }
    throw new ServerException(this + ": " + failure.get().getMessage(), failure.get());
  }

  @Override
  public void run() {
    try {
      while (!closing) {
        select();
        runCommands();
        selector.selectedKeys().forEach(this::serve);
        selector.selectedKeys().clear();
        fireTimers();
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{} ends", this, e);
    } finally {
      free();
    }
  }

  private void select() throws IOException {
    Timer next = timers.peek();
    long waitNanos = next == null ? Long.MAX_VALUE : next.dueNanos() - System.nanoTime();
    if (next == null) {
      selector.select();
    } else if (waitNanos <= 0) {
      selector.selectNow();
    } else {
      selector.select(1 + waitNanos / 1_000_000);
    }
  }

  private void runCommands() throws IOException {
    for (Command command = commands.poll(); command != null; command = commands.poll()) {
      try {
        command.action().run();
        selector.selectNow();
        command.failure().complete(Optional.empty());
      } catch (IOException | RuntimeException e) {
        command.failure().complete(Optional.of(e));
      }
    }
  }

  private void serve(SelectionKey key) {
    if (!key.isValid()) {
      return;
    }
    if (key.attachment() instanceof ProxyConnection connection) {
      connection.ready(key);
    } else {
      accept();
    }
  }

  private void accept() {
    ServerSocketChannel listening = listener;
    if (listening == null) {
      return;
    }
    try {
      for (SocketChannel client = listening.accept(); client != null; client = listening.accept()) {
        attempted.incrementAndGet();
        if (fault.arrivals() == Fault.Arrivals.ACCEPT) {
          ProxyConnection connection = ProxyConnection.open(this, client);
          connections.add(connection);
          active.set(connections.size());
          connection.faultChanged();
        } else {
          ProxyConnection.reset(client);
        }
      }
    } catch (IOException e) {
      LOG.warn("{} cannot accept: {}", this, e.getMessage());
    }
  }

  private void fireTimers() {
    long nowNanos = System.nanoTime();
    for (Timer timer = timers.peek();
        timer != null && timer.dueNanos() - nowNanos <= 0;
        timer = timers.peek()) {
      timers.remove();
      timer.connection().timerFired();
    }
  }

  private void listen() throws IOException {
    if (listener != null) {
      return;
    }
    ServerSocketChannel opened = ServerSocketChannel.open();
    try {
      opened.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      opened.bind(Loopback.address(port()), BACKLOG);
      opened.configureBlocking(false);
      opened.register(selector, SelectionKey.OP_ACCEPT);
    } catch (IOException e) {
      opened.close();
      throw e;
    }
    listener = opened;
  }

  private void stopListening() throws IOException {
    if (listener != null) {
      listener.close();
      listener = null;
    }
  }

  private void resetConnections() {
    // Those that the kernel has taken already are connections too.
    accept();
    List.copyOf(connections).forEach(ProxyConnection::reset);
  }

  private void free() {
    try {
      resetConnections();
      stopListening();
      selector.selectNow();
      selector.close();
    } catch (IOException e) {
      LOG.warn("{} cannot free its sockets: {}", this, e.getMessage());
    }
    lease.close();
    freed = true;
    failCommands();
  }

  private void failCommands() {
    for (Command command = commands.poll(); command != null; command = commands.poll()) {
      command.failure().complete(Optional.of(new ClosedSelectorException()));
    }
  }

  // What connections ask of their loop, on its thread.

  Selector selector() {
    return selector;
  }

  InetSocketAddress target() {
    return target;
  }

  /** Who is shown what the client of a new connection sends. */
  Consumer<ByteBuffer> reader() {
    return requests.get();
  }

  Fault fault() {
    return fault;
  }

  RandomGenerator random() {
    return random;
  }

  /** Holds nothing between two callbacks. */
  ByteBuffer scratch() {
    return scratch;
  }

  void schedule(long dueNanos, ProxyConnection connection) {
    timers.add(new Timer(dueNanos, connection));
  }

  void delivered(boolean toTarget, int bytes) {
    (toTarget ? bytesToTarget : bytesToClients).addAndGet(bytes);
  }

  void closed(ProxyConnection connection) {
    connections.remove(connection);
    active.set(connections.size());
  }

  @Override
  public String toString() {
    return "fault proxy 127.0.0.1:" + port() + " to " + target;
  }

  /** Work of the loop's thread that may fail on I/O. */
  @FunctionalInterface
  private interface Action {
    void run() throws IOException;
  }

  private record Command(Action action, CompletableFuture<Optional<Exception>> failure) {}

  private record Timer(long dueNanos, ProxyConnection connection) {}
}
