package dev.rollcall.testkit.server;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/**
 * A client's connection and the one to the target that belongs to it. Belongs to the loop's thread.
 *
 * <p>{@code WAITING} (a stalled proxy does not even connect) → {@code CONNECTING} → {@code OPEN} →
 * {@code CLOSED}; or, when a reply was truncated, → {@code DRAINING}, where the target is gone, the
 * client has seen the end, and what it still sends is thrown away: to close at once, with bytes
 * unread, would reset the connection and might take the truncated reply with it.
 */
final class ProxyConnection {
  private final ProxyLoop loop;
  private final SocketChannel client;
  private final SocketChannel target;
  private final SelectionKey clientKey;
  private final SelectionKey targetKey;
  private final ProxyFlow requests;
  private final ProxyFlow replies;
  private Stage stage = Stage.WAITING;
  private long timerNanos = ProxyFlow.NO_TIMER;

  private enum Stage {
    WAITING,
    CONNECTING,
    OPEN,
    DRAINING,
    CLOSED
  }

  private ProxyConnection(ProxyLoop loop, SocketChannel client, SocketChannel target)
      throws IOException {
    this.loop = loop;
    this.client = client;
    this.target = target;
    this.requests = new ProxyFlow(loop, client, target, true, loop.reader());
    this.replies = new ProxyFlow(loop, target, client, false, piece -> {});
    this.clientKey = prepare(client);
    this.targetKey = prepare(target);
  }

  /** Closes the client where it fails. */
  static ProxyConnection open(ProxyLoop loop, SocketChannel client) throws IOException {
    try {
      SocketChannel target = SocketChannel.open();
      try {
        return new ProxyConnection(loop, client, target).attach();
      } catch (IOException e) {
        target.close();
        throw e;
      }
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  private SelectionKey prepare(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return channel.register(loop.selector(), 0);
  }

  private ProxyConnection attach() {
    clientKey.attach(this);
    targetKey.attach(this);
    return this;
  }

  /** Ends a connection with RST instead of FIN. */
  static void reset(SocketChannel channel) {
    try (channel) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException e) {
      // It is gone already, which is what was wanted.
    }
  }

  void faultChanged() {
    requests.faultChanged();
    replies.faultChanged();
    step(
        () -> {
          if (stage == Stage.WAITING && loop.fault().forwards()) {
            stage = target.connect(loop.target()) ? Stage.OPEN : Stage.CONNECTING;
          }
        });
  }

  void ready(SelectionKey key) {
    step(
        () -> {
          switch (stage) {
            case CONNECTING -> {
              if (key.isConnectable() && target.finishConnect()) {
                stage = Stage.OPEN;
              }
            }
            case OPEN -> {
              if (key.isReadable()) {
                (key == clientKey ? requests : replies).read();
              }
            }
            case DRAINING -> discard();
            case WAITING, CLOSED -> {}
          }
        });
  }

  void timerFired() {
    timerNanos = ProxyFlow.NO_TIMER;
    step(() -> {});
  }

  /** Closes both sides with RST. */
  void reset() {
    reset(client);
    reset(target);
    closed();
  }

  private void step(Step step) {
    if (stage == Stage.CLOSED) {
      return;
    }
    try {
      step.take();
      if (stage == Stage.OPEN) {
        deliver();
      }
      waitFor(clientKey, clientInterest());
      waitFor(targetKey, targetInterest());
    } catch (IOException e) {
      reset();
    }
  }

  private void deliver() throws IOException {
    arm(requests.pump());
    arm(replies.pump());
    if (replies.isTruncated()) {
      client.shutdownOutput();
      reset(target);
      stage = Stage.DRAINING;
    } else if (requests.isFinished() && replies.isFinished()) {
      close();
    }
  }

  private void arm(long dueNanos) {
    boolean earlier = timerNanos == ProxyFlow.NO_TIMER || dueNanos - timerNanos < 0;
    if (dueNanos != ProxyFlow.NO_TIMER && earlier) {
      timerNanos = dueNanos;
      loop.schedule(dueNanos, this);
    }
  }

  private void discard() throws IOException {
    if (client.read(loop.scratch().clear()) < 0) {
      close();
    }
  }

  private void close() throws IOException {
    client.close();
    target.close();
    closed();
  }

  private void closed() {
    stage = Stage.CLOSED;
    loop.closed(this);
  }

  private int clientInterest() {
    return switch (stage) {
      case OPEN -> interest(requests.wantsToRead(), replies.wantsToWrite());
      case DRAINING -> SelectionKey.OP_READ;
      case WAITING, CONNECTING, CLOSED -> 0;
    };
  }

  private int targetInterest() {
    return switch (stage) {
      case OPEN -> interest(replies.wantsToRead(), requests.wantsToWrite());
      case CONNECTING -> SelectionKey.OP_CONNECT;
      case WAITING, DRAINING, CLOSED -> 0;
    };
  }

  private static void waitFor(SelectionKey key, int interest) {
    if (key.isValid()) {
      key.interestOps(interest);
    }
  }

  private static int interest(boolean read, boolean write) {
    return (read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0);
  }

  /** What to do before delivering again. */
  @FunctionalInterface
  private interface Step {
    void take() throws IOException;
  }
}
