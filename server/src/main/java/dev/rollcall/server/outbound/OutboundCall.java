package dev.rollcall.server.outbound;

import static java.util.Objects.requireNonNull;

import com.google.common.net.InetAddresses;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.SessionProtocol;
import dev.rollcall.HostPort;
import dev.rollcall.spi.Timer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.reactivestreams.Subscriber;

/**
 * One call of {@link OutboundCalls}. {@code result} is completed once, by what comes first. What
 * runs before the request is sent runs on the event loop or the resolver's thread, one step after
 * the other.
 */
abstract class OutboundCall {
  private static final int MAX_ADDRESSES_TRIED = 4;

  final OutboundCalls calls;
  final CompletableFuture<Reply> result = new CompletableFuture<>();
  private final HostPort address;
  private final InetAddress registrant;
  private final Duration timeout;
  private final boolean unpaced;
  private volatile boolean sent;

  OutboundCall(
      OutboundCalls calls,
      HostPort address,
      InetAddress registrant,
      Duration timeout,
      boolean unpaced) {
    this.calls = calls;
    this.address = address;
    this.registrant = registrant;
    this.timeout = timeout;
    this.unpaced = unpaced;
  }

  /** Sends the request to an address, and goes on with the others if that one does not accept. */
  abstract void send(InetAddress first, Iterator<InetAddress> others);

  /** Tells whether more is done than to open a connection. */
  abstract boolean sendsRequest();

  final CompletionStage<Reply> begin() {
    if (!calls.policy.permitsPortSomewhere(address.port(), sendsRequest())) {
      end(Reply.REFUSED);
      return result;
    }
    calls.open.add(this);
    result.whenComplete((reply, never) -> calls.open.remove(this));
    if (calls.closed || !calls.places.enter(registrant, this::resolve)) {
      end(Reply.NOT_SENT);
    }
    return result;
  }

  /** In a place. */
  private void resolve() {
    Timer.Scheduled limit = calls.timer.schedule(() -> calls.loops.execute(this::giveUp), timeout);
    result.whenComplete(
        (reply, never) -> {
          limit.cancel();
          calls.places.leave(registrant);
        });
    String host = address.host();
    if (InetAddresses.isInetAddress(host)) {
      choose(List.of(InetAddresses.forString(host)));
      return;
    }
    var unused =
        calls
            .resolver
            .resolve(host)
            .whenComplete(
                (addresses, failed) -> {
                  if (addresses == null || addresses.isEmpty()) {
                    end(Reply.NOT_SENT);
                  } else {
                    choose(addresses);
                  }
                });
  }

  private void choose(List<InetAddress> addresses) {
    for (InetAddress found : addresses) {
      if (!calls.policy.permits(found, registrant)
          || !calls.policy.permitsPort(address.port(), sendsRequest(), found, registrant)) {
        end(Reply.REFUSED);
        return;
      }
    }
    Iterator<InetAddress> tried = addresses.stream().limit(MAX_ADDRESSES_TRIED).iterator();
    InetAddress first = tried.next();
    if (unpaced) {
      send(first, tried);
      return;
    }
    long wait =
        calls.pace.reserveNanos(
            new InetSocketAddress(first, address.port()),
            calls.timer.nanoTime(),
            timeout.toNanos());
    if (wait == 0) {
      attempt(first, tried);
    } else if (wait < timeout.toNanos()) {
      calls.timer.schedule(
          () -> calls.loops.execute(() -> attempt(first, tried)), Duration.ofNanos(wait));
    } else {
      end(Reply.NOT_SENT);
    }
  }

  final void attempt(InetAddress chosen, Iterator<InetAddress> others) {
    if (!result.isDone()) {
      sent = true;
      send(chosen, others);
    }
  }

  /** Tries the next address, where the last one has not accepted a connection. */
  final void notAccepted(Iterator<InetAddress> others) {
    if (others.hasNext()) {
      attempt(others.next(), others);
    } else {
      end(Reply.NOT_SENT);
    }
  }

  /** Sends a request on a connection of its own to exactly the address that was chosen. */
  final void subscribe(
      SessionProtocol protocol,
      HttpRequest request,
      InetAddress chosen,
      Subscriber<HttpObject> reader) {
    Endpoint named = Endpoint.of(address.host(), address.port());
    WebClient client =
        WebClient.builder(
                protocol,
                InetAddresses.isInetAddress(address.host())
                    ? named
                    : named.withIpAddr(chosen.getHostAddress()))
            .factory(calls.clients)
            .responseTimeout(Duration.ZERO)
            .maxResponseLength(0)
            .build();
    HttpResponse response = client.execute(request);
    result.whenComplete((reply, never) -> response.abort());
    response.subscribe(reader);
  }

  final void giveUp() {
    end(sent ? Reply.UNCERTAIN : Reply.NOT_SENT);
  }

  final void end(Reply reply) {
    if (result.complete(reply)) {
      requireNonNull(calls.counts.get(reply.end())).increment();
    }
  }
}
