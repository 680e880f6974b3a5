package dev.rollcall.testkit.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.ConnectException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each mode, as a client and a target see it. */
class FaultProxyModesTest extends ProxyFixture {
  @Test
  void cut_resetsOldAndNew_andCountsAttempts() throws Exception {
    Socket old = connect();
    assertEchoes(old, "hello");

    proxy.cut();

    assertReset(old);
    await().until(() -> echo.resets() == 1);
    for (int i = 0; i < 3; i++) {
      assertNewIsReset();
    }
    assertThat(proxy.counts().attempted()).isEqualTo(4);
    assertThat(proxy.counts().active()).isZero();
    assertThat(echo.accepted()).isEqualTo(1);

    proxy.heal();
    assertEchoes(connect(), "again");
  }

  @Test
  void refuse_resetsOld_andRefusesNew_untilHealed() throws Exception {
    Socket old = connect();
    assertEchoes(old, "hello");

    proxy.refuse();
    proxy.refuse();

    assertReset(old);
    assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    assertThat(proxy.counts().attempted()).isEqualTo(1);

    int port = proxy.port();
    proxy.heal();
    assertThat(proxy.port()).isEqualTo(port);
    assertEchoes(connect(), "again");

    proxy.refuse();
    proxy.cut();
    assertNewIsReset();
  }

  @Test
  void resetAll_resetsOld_andAcceptsNew() throws Exception {
    List<Socket> old = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      old.add(connect());
      assertEchoes(old.get(i), "hello");
    }

    proxy.resetAll();

    assertThat(proxy.counts().active()).isZero();
    old.forEach(ProxyFixture::assertReset);
    assertEchoes(connect(), "again");
  }

  @Test
  void resetAll_reachesConnectionsThatWereJustOpened() throws Exception {
    for (int i = 0; i < 50; i++) {
      Socket socket = connect();
      proxy.resetAll();
      assertReset(socket);
    }
  }

  @Test
  void stall_swallowsBothWays_andDeliversAfterwards() throws Exception {
    Socket old = connect();
    assertEchoes(old, "hello");

    proxy.stall();
    Socket fresh = connect();
    send(old, "one");
    send(fresh, "two");
    assertSilent(old);
    assertSilent(fresh);
    assertThat(echo.accepted()).isEqualTo(1);
    assertThat(proxy.counts().bytesToTarget()).isEqualTo(5);

    proxy.heal();
    assertThat(read(old, 3)).isEqualTo("one");
    assertThat(read(fresh, 3)).isEqualTo("two");
  }

  @Test
  void stall_hidesThatTheTargetIsGone() throws Exception {
    Socket old = connect();
    assertEchoes(old, "hello");
    proxy.stall();
    echo.close();
    assertSilent(old);
    assertSilent(connect());

    proxy.resetAll();
    assertReset(old);
  }

  @Test
  void delay_isAddedEachWay_andKeepsTheOrder() throws Exception {
    Socket socket = connect();
    assertEchoes(socket, "warm");
    proxy.delay(Duration.ofMillis(100), Duration.ofMillis(60));

    long start = System.nanoTime();
    StringBuilder sent = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      String piece = i + ",";
      sent.append(piece);
      send(socket, piece);
    }
    String received = read(socket, sent.length());
    Duration took = Duration.ofNanos(System.nanoTime() - start);

    assertThat(received).isEqualTo(sent.toString());
    assertThat(took).isGreaterThanOrEqualTo(Duration.ofMillis(80));
  }

  @Test
  void delay_withoutJitter_isExact_andEndsWithHeal() throws Exception {
    Socket socket = connect();
    assertEchoes(socket, "warm");
    proxy.delay(Duration.ofMillis(50), Duration.ZERO);
    for (int i = 0; i < 5; i++) {
      long start = System.nanoTime();
      assertEchoes(socket, "x");
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }
    proxy.delay(Duration.ofHours(1), Duration.ZERO);
    send(socket, "late");
    assertSilent(socket);
    proxy.heal();
    assertThat(read(socket, 4)).isEqualTo("late");
  }

  @Test
  void slice_deliversAByteAtATime() throws Exception {
    Socket socket = connect();
    assertEchoes(socket, "warm");
    proxy.slice(1, Duration.ofMillis(50)); // a reader that is starved takes several at once

    long start = System.nanoTime();
    send(socket, "x".repeat(40));
    int reads = 0;
    for (int got = 0; got < 40; reads++) {
      got += socket.getInputStream().read(new byte[40]);
    }

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(1950));
    assertThat(reads).isGreaterThan(20);
    proxy.heal();
    assertEchoes(socket, "fast");
  }

  @Test
  void truncate_endsCleanlyAfterSoManyBytes() throws Exception {
    Socket old = connect();
    assertEchoes(old, "hello");

    proxy.truncateAfter(3);

    send(old, "truncated");
    assertThat(new String(old.getInputStream().readAllBytes(), US_ASCII)).isEqualTo("tru");
    await().until(() -> echo.resets() == 1);
    assertThat(proxy.counts().active()).isEqualTo(1);
    send(old, "still taken, and thrown away");
    send(old, "and more");
    Socket fresh = connect();
    send(fresh, "ab");
    assertThat(read(fresh, 2)).isEqualTo("ab");
    send(fresh, "cd");
    assertThat(new String(fresh.getInputStream().readAllBytes(), US_ASCII)).isEqualTo("c");
    assertThat(proxy.counts().bytesToClients()).isEqualTo(5 + 3 + 3);
    old.close();
    fresh.close();
    await().until(() -> proxy.counts().active() == 0);

    proxy.truncateAfter(0);
    Socket none = connect();
    send(none, "x");
    assertThat(none.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void replace_givesGarbageInsteadOfAReply() throws Exception {
    byte[] page = "HTTP/1.1 503 Service Unavailable\r\n\r\n<html>".getBytes(US_ASCII);
    proxy.replaceReplies(page);
    page[0] = 'X';
    Socket socket = connect();
    assertSilent(socket);

    send(socket, "request");

    assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
        .isEqualTo("HTTP/1.1 503 Service Unavailable\r\n\r\n<html>");
    assertThat(proxy.counts().bytesToTarget()).isEqualTo(7);

    proxy.replaceReplies(new byte[0]);
    Socket empty = connect();
    send(empty, "request");
    assertThat(empty.getInputStream().read()).isEqualTo(-1);
  }
}
