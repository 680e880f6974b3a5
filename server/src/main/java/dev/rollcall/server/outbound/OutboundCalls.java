package dev.rollcall.server.outbound;

import static java.util.Objects.requireNonNull;

import com.google.common.net.InetAddresses;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.UnprocessedRequestException;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.util.EventLoopGroups;
import com.linecorp.armeria.common.util.TransportType;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.spi.Timer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Calls what strangers name, without becoming their tool.
 *
 * <p><b>One call.</b> It waits for one of {@value #MAX_IN_FLIGHT} places, which those who register
 * share fairly. From then on its time runs, 2 s in all. The name is looked up once; every address
 * that is found must be permitted by the {@linkplain OutboundPolicy policy}; the connection then
 * goes to exactly such an address, though TLS still asks for the name. One address and port is
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

  /** An address that nobody has, and that is never called. */
  private static final InetAddress NOBODY = InetAddresses.forString("0.0.0.0");

  private static final int MAX_WAITING = 100_000;
  private static final int MAX_ADDRESSES_TRIED = 4;

  private final OutboundPolicy policy;
  private final Timer timer;
  private final EventLoopGroup loops;
  private final ClientFactory clients;
  private final NameResolver resolver;
  private final @Nullable DnsResolver ownResolver;
  private final FairPlaces places;
  private final TargetRateLimiter pace = new TargetRateLimiter();
  private final Set<Call> open = ConcurrentHashMap.newKeySet();
  private final Map<Reply.End, LongAdder> counts = new EnumMap<>(Reply.End.class);
  private volatile boolean closed;

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
            .useHttp2Preface(false)
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
    Call call =
        new Call(target.address(), registrant, policy.limit(), true) {
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
  void admitNow(String field, HostPort address, InetAddress registrant) {
    boolean literal = InetAddresses.isInetAddress(address.host());
    if (!policy.permitsPort(address.port())
        || (literal && !policy.permits(InetAddresses.forString(address.host()), registrant))) {
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
    return new HttpCall(request, target, registrant, atMost(timeout)).begin();
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
    return new TcpCall(address, registrant, atMost(timeout)).begin();
  }

  /**
   * Returns a checker that asks under this policy on behalf of one who registers. It holds nothing
   * of its own: closing it stops its checks alone.
   *
   * @param registrant the address that the request to register came from
   * @return a checker
   */
  public GuardedChecker checker(InetAddress registrant) {
    return new GuardedChecker(this, timer, () -> registrant);
  }

  /**
   * Returns a checker that asks on behalf of whoever sends the request that is being handled when a
   * check is started: the request must be the current one of Armeria's on that thread. A check that
   * is started without any reaches only what the operator allows. It holds nothing of its own, as
   * above.
   *
   * @return a checker
   */
  public GuardedChecker checkerOfRequests() {
    return new GuardedChecker(this, timer, OutboundCalls::currentRegistrant);
  }

  private static InetAddress currentRegistrant() {
    ServiceRequestContext request = ServiceRequestContext.currentOrNull();
    return request == null ? NOBODY : request.remoteAddress().getAddress();
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
    open.forEach(Call::giveUp);
    if (ownResolver != null) {
      ownResolver.close();
    }
    clients.closeAsync();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private Duration atMost(Duration timeout) {
    return timeout.compareTo(policy.limit()) < 0 ? timeout : policy.limit();
  }

  /**
   * One call. {@code result} is completed once, by whatever comes first; what runs before the
   * request is sent runs on the event loop or the resolver's thread, one after the other.
   */
  private abstract class Call {
    final CompletableFuture<Reply> result = new CompletableFuture<>();
    private final HostPort address;
    private final InetAddress registrant;
    private final Duration timeout;
    private final boolean unpaced;
    private volatile boolean sent;

    Call(HostPort address, InetAddress registrant, Duration timeout, boolean unpaced) {
      this.address = address;
      this.registrant = registrant;
      this.timeout = timeout;
      this.unpaced = unpaced;
    }

    /** Sends the request to an address, and goes on with the others if that one does not accept. */
    abstract void send(InetAddress first, Iterator<InetAddress> others);

    final CompletionStage<Reply> begin() {
      if (!policy.permitsPort(address.port())) {
        end(Reply.REFUSED);
        return result;
      }
      open.add(this);
      result.whenComplete((reply, never) -> open.remove(this));
      if (closed || !places.enter(registrant, this::resolve)) {
        end(Reply.NOT_SENT);
      }
      return result;
    }

    /** In a place. */
    private void resolve() {
      Timer.Scheduled limit = timer.schedule(() -> loops.execute(this::giveUp), timeout);
      result.whenComplete(
          (reply, never) -> {
            limit.cancel();
            places.leave(registrant);
          });
      String host = address.host();
      if (InetAddresses.isInetAddress(host)) {
        choose(List.of(InetAddresses.forString(host)));
        return;
      }
      var unused =
          resolver
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
        if (!policy.permits(found, registrant)) {
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
          pace.reserveNanos(
              new InetSocketAddress(first, address.port()), timer.nanoTime(), timeout.toNanos());
      if (wait == 0) {
        attempt(first, tried);
      } else if (wait < timeout.toNanos()) {
        timer.schedule(() -> loops.execute(() -> attempt(first, tried)), Duration.ofNanos(wait));
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

    final void giveUp() {
      end(sent ? Reply.UNCERTAIN : Reply.NOT_SENT);
    }

    final void end(Reply reply) {
      if (result.complete(reply)) {
        requireNonNull(counts.get(reply.end())).increment();
      }
    }
  }

  private final class HttpCall extends Call {
    private final CheckRequest asked;
    private final CallTarget target;

    HttpCall(CheckRequest asked, CallTarget target, InetAddress registrant, Duration timeout) {
      super(target.address(), registrant, timeout, false);
      this.asked = asked;
      this.target = target;
    }

    @Override
    void send(InetAddress chosen, Iterator<InetAddress> others) {
      SessionProtocol protocol = target.secure() ? SessionProtocol.H1 : SessionProtocol.H1C;
      HostPort address = target.address();
      Endpoint endpoint =
          InetAddresses.isInetAddress(address.host())
              ? Endpoint.of(address.host(), address.port())
              : Endpoint.of(address.host(), address.port()).withIpAddr(chosen.getHostAddress());
      WebClient client =
          WebClient.builder(protocol, endpoint)
              .factory(clients)
              .responseTimeout(Duration.ZERO)
              .maxResponseLength(0)
              .build();
      RequestHeaders headers =
          RequestHeaders.builder(asked.method(), target.pathAndQuery())
              .set(HttpHeaderNames.USER_AGENT, "rollcall")
              .set(HttpHeaderNames.ACCEPT_ENCODING, "identity")
              .set(asked.headers())
              .build();
      HttpRequest request =
          asked.body().size() == 0
              ? HttpRequest.of(headers)
              : HttpRequest.of(headers, HttpData.wrap(asked.body().toArray()));
      HttpResponse response = client.execute(request);
      result.whenComplete((reply, never) -> response.abort());
      response.subscribe(new BoundedReader(this, others));
    }
  }

  /** Reads the status and so much of the body; called serially. */
  private static final class BoundedReader implements Subscriber<HttpObject> {
    private final HttpCall call;
    private final Iterator<InetAddress> others;
    private @Nullable Subscription subscription;
    private int status;
    private long left = MAX_BODY_BYTES;

    BoundedReader(HttpCall call, Iterator<InetAddress> others) {
      this.call = call;
      this.others = others;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      this.subscription = subscription;
      subscription.request(1);
    }

    @Override
    public void onNext(HttpObject part) {
      if (part instanceof ResponseHeaders headers) {
        status = headers.status().code();
      } else if (part instanceof HttpData data) {
        left -= data.length();
      }
      if (left > 0) {
        requireNonNull(subscription).request(1);
      } else {
        requireNonNull(subscription).cancel();
        onComplete();
      }
    }

    @Override
    public void onError(Throwable failed) {
      if (failed instanceof UnprocessedRequestException) {
        call.notAccepted(others);
      } else {
        call.end(Reply.UNCERTAIN);
      }
    }

    @Override
    public void onComplete() {
      call.end(status == 0 ? Reply.UNCERTAIN : new Reply(Reply.End.ANSWERED, status));
    }
  }

  private final class TcpCall extends Call {
    private final int port;

    TcpCall(HostPort address, InetAddress registrant, Duration timeout) {
      super(address, registrant, timeout, false);
      port = address.port();
    }

    @Override
    void send(InetAddress chosen, Iterator<InetAddress> others) {
      ChannelFuture connecting =
          new Bootstrap()
              .group(loops)
              .channel(TransportType.socketChannelType(loops))
              .handler(new ChannelInboundHandlerAdapter())
              .connect(new InetSocketAddress(chosen, port));
      Channel channel = connecting.channel();
      result.whenComplete((reply, never) -> channel.close());
      connecting.addListener(
          done -> {
            if (done.isSuccess()) {
              end(Reply.CONNECTED);
            } else {
              notAccepted(others);
            }
          });
    }
  }
}
