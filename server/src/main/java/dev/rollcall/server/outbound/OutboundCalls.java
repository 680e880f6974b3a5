package dev.rollcall.server.outbound;

import static java.util.Objects.requireNonNull;

import com.google.common.net.InetAddresses;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.util.EventLoopGroups;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.spi.Timer;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Calls what strangers name, without becoming their tool.
 *
 * <p><b>One call.</b> It waits for one of {@value #MAX_IN_FLIGHT} places, which the clients that
 * register share fairly. From then on its time runs, 2 s in all. The name is looked up once; every
 * address that is found must be permitted by the {@linkplain OutboundPolicy policy}; the connection
 * then goes to exactly such an address, though TLS still asks for the name. One address and port is
 * called at a bounded rate, by a connection for each call. No redirect is followed, no proxy asked,
 * and of the answer's body at most {@value #MAX_BODY_BYTES} bytes are read before the connection is
 * dropped.
 *
 * <p>Nothing of what a target answers, but its status, and nothing of why it did not answer, leaves
 * this class. Thread-safe; nothing blocks. Replies come on the threads of this object, which must
 * not be held up.
 *
 * @since 0.1.0
 */
public final class OutboundCalls implements AutoCloseable {
  static final int MAX_IN_FLIGHT = 1024;
  static final int MAX_BODY_BYTES = 4096;

  /** An address that no host has, and that is never called. */
  private static final InetAddress NO_HOST = InetAddresses.forString("0.0.0.0");

  private static final int MAX_WAITING = 100_000;

  // Shared with the calls, which are in files of their own.
  final OutboundPolicy policy;
  final Timer timer;
  final EventLoopGroup loops;
  final ClientFactory clients;
  final NameResolver resolver;
  final FairPlaces places;
  final TargetRateLimiter pace = new TargetRateLimiter();
  final Set<OutboundCall> open = ConcurrentHashMap.newKeySet();
  final Map<Reply.End, LongAdder> counts = new EnumMap<>(Reply.End.class);

  /** Set once, by {@link #close()}; read by each call that begins. */
  volatile boolean closed;

  private final @Nullable DnsResolver ownResolver;

  private OutboundCalls(OutboundPolicy policy, Timer timer, @Nullable NameResolver given) {
    this.policy = requireNonNull(policy, "policy");
    this.timer = requireNonNull(timer, "timer");
    for (Reply.End end : Reply.End.values()) {
      counts.put(end, new LongAdder());
    }
    loops = EventLoopGroups.newEventLoopGroup(1, "rollcall-outbound", true);
    clients =
        ClientFactory.builder()
            .workerGroup(loops, false)
            .connectTimeout(policy.limit())
            // A connection that is kept may be closed by its other end just when it is used again,
            // and a service would seem dead that is not.
            .maxNumRequestsPerConnection(1)
            .build();
    ownResolver = given == null ? new DnsResolver(loops) : null;
    resolver = given == null ? requireNonNull(ownResolver) : given;
    places = new FairPlaces(MAX_IN_FLIGHT, MAX_WAITING, loops);
  }

  /**
   * Opens what makes the calls; names are looked up in the hosts file and by DNS.
   *
   * @param policy where it may call
   * @param timer the clock that calls are held to; stays the caller's
   * @return open calls, the caller's to close
   */
  public static OutboundCalls open(OutboundPolicy policy, Timer timer) {
    return new OutboundCalls(policy, timer, null);
  }

  /**
   * Opens what makes the calls, with a resolver of the caller's.
   *
   * @param policy where it may call
   * @param timer the clock that calls are held to; stays the caller's
   * @param resolver finds the addresses of names
   * @return open calls, the caller's to close
   */
  public static OutboundCalls open(OutboundPolicy policy, Timer timer, NameResolver resolver) {
    return new OutboundCalls(policy, timer, requireNonNull(resolver, "resolver"));
  }

  /**
   * Says whether a target may be called, before a registration that names it is taken. Each call
   * checks again.
   *
   * @param field how the stranger calls it, for the message
   * @param target the target
   * @param registrant the address that the request to register came from
   * @return completes when it may be called; with {@code INVALID} where it may not, or where its
   *     name is not found, which the message does not tell apart
   */
  public CompletionStage<Void> admit(String field, CallTarget target, InetAddress registrant) {
    CompletableFuture<Void> admitted = new CompletableFuture<>();
    OutboundCall call =
        new OutboundCall(this, target.address(), registrant, policy.limit(), true) {
          @Override
          boolean sendsRequest() {
            return true;
          }

          @Override
          void send(InetAddress address, Iterator<InetAddress> others) {
            end(Reply.CONNECTED);
          }
        };
    call.begin();
    var unused =
        call.result.thenAccept(
            reply -> {
              if (reply.end() == Reply.End.ANSWERED) {
                admitted.complete(null);
              } else {
                admitted.completeExceptionally(forbidden(field, target.address()));
              }
            });
    return admitted;
  }

  /**
   * Says at once whether a target may be called, as far as that can be said without looking up a
   * name: by the port, and by the address where it is a literal.
   *
   * @throws RegistryException of kind {@code INVALID} where it will never be called
   */
  void admitNow(String field, HostPort address, boolean sendsRequest, InetAddress registrant) {
    int port = address.port();
    boolean never = !policy.permitsPortSomewhere(port, sendsRequest);
    if (!never && InetAddresses.isInetAddress(address.host())) {
      InetAddress literal = InetAddresses.forString(address.host());
      never =
          !policy.permits(literal, registrant)
              || !policy.permitsPort(port, sendsRequest, literal, registrant);
    }
    if (never) {
      throw forbidden(field, address);
    }
  }

  private static RegistryException forbidden(String field, HostPort address) {
    return RegistryException.invalid(
        field
            + ": "
            + Shown.of(address.toString())
            + " (expected: the address that registers, or one that the operator allows, and an"
            + " allowed port)");
  }

  /**
   * Sends a GET request.
   *
   * @param target where to
   * @param registrant the address that the request to register came from
   * @return completes with how it ended; never exceptionally
   */
  public CompletionStage<Reply> get(CallTarget target, InetAddress registrant) {
    return get(target, registrant, policy.limit());
  }

  CompletionStage<Reply> get(CallTarget target, InetAddress registrant, Duration timeout) {
    return send(CheckRequest.GET, target, registrant, timeout);
  }

  CompletionStage<Reply> send(
      CheckRequest request, CallTarget target, InetAddress registrant, Duration timeout) {
    return new HttpCall(this, request, target, registrant, atMost(timeout)).begin();
  }

  /**
   * Sends a POST request with JSON.
   *
   * @param target where to
   * @param json the body
   * @param registrant the address that the request to register came from
   * @return completes with how it ended; never exceptionally
   */
  public CompletionStage<Reply> post(CallTarget target, byte[] json, InetAddress registrant) {
    CheckRequest request =
        new CheckRequest(
            HttpMethod.POST,
            HttpHeaders.of(HttpHeaderNames.CONTENT_TYPE, MediaType.JSON),
            Bytes.of(json));
    return send(request, target, registrant, policy.limit());
  }

  /**
   * Opens a TCP connection and closes it.
   *
   * @param address where to
   * @param registrant the address that the request to register came from
   * @param timeout how long to wait at most, if that is less than the policy's limit
   * @return completes with how it ended; never exceptionally
   */
  public CompletionStage<Reply> connect(
      HostPort address, InetAddress registrant, Duration timeout) {
    return new TcpCall(this, address, registrant, atMost(timeout)).begin();
  }

  /**
   * Asks a gRPC server for its health.
   *
   * @param service which of its services; empty for the server as a whole
   */
  CompletionStage<Reply> health(
      HostPort address, boolean secure, String service, InetAddress registrant, Duration timeout) {
    return new GrpcCall(this, address, secure, service, registrant, atMost(timeout)).begin();
  }

  /**
   * Returns a checker that asks under this policy on behalf of a client that registers. It holds
   * nothing of its own: closing it stops its checks alone.
   *
   * @param registrant the address that the request to register came from
   * @return a checker
   */
  public GuardedChecker checker(InetAddress registrant) {
    return new GuardedChecker(this, timer, () -> registrant);
  }

  /**
   * Returns a checker that asks on behalf of the client that sends the request that is being
   * handled when a check is started: the request must be the current one of Armeria's on that
   * thread. A check that is started without any reaches only what the operator allows. It holds
   * nothing of its own, as above.
   *
   * @return a checker
   */
  public GuardedChecker checkerOfRequests() {
    return new GuardedChecker(this, timer, OutboundCalls::currentRegistrant);
  }

  private static InetAddress currentRegistrant() {
    ServiceRequestContext request = ServiceRequestContext.currentOrNull();
    return request == null ? NO_HOST : request.remoteAddress().getAddress();
  }

  /**
   * Returns how many calls have ended in a way.
   *
   * @param end the way
   * @return how many since this object was opened
   */
  public long ended(Reply.End end) {
    return requireNonNull(counts.get(end)).sum();
  }

  /**
   * Returns how many calls are under way.
   *
   * @return at most the bound
   */
  public int inFlight() {
    return places.inFlight();
  }

  /** Gives up all calls, as not sent or uncertain, and ends the threads. Idempotent. */
  @Override
  public void close() {
    closed = true;
    open.forEach(OutboundCall::giveUp);
    if (ownResolver != null) {
      ownResolver.close();
    }
    clients.closeAsync();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private Duration atMost(Duration timeout) {
    return timeout.compareTo(policy.limit()) < 0 ? timeout : policy.limit();
  }
}
