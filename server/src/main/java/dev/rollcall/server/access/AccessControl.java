package dev.rollcall.server.access;

import static java.util.Objects.requireNonNull;

import com.google.common.base.Strings;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.RegistryException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Stands before every service of the centre: says who calls, by the token in the header {@code
 * X-Consul-Token} or {@code Authorization: Bearer}, or by the client's certificate, and lets it do
 * what its roles allow and no more. What a client says of itself elsewhere ({@code User-Agent},
 * {@code X-Forwarded-For}, a token in the URL) counts for nothing.
 *
 * <ul>
 *   <li>400: a path that could mean two things.
 *   <li>401: no token where one is needed, or one that is not known.
 *   <li>403: the token's owner may not do this; or a page of another site asks through a visitor's
 *       browser (its {@code Origin} is not this centre, or the browser says so), or someone without
 *       a token has called the centre by a name that it does not know as its own ({@link #named}),
 *       which is how such a page gets around that.
 *   <li>429: too many requests or watchers of one client.
 * </ul>
 *
 * <p>Without tokens every client may do everything; {@link #requireSafe} then holds the centre to
 * loopback. Thread-safe.
 *
 * @since 0.1.0
 */
public final class AccessControl implements DecoratingHttpServiceFunction {
  private static final String CONSUL_TOKEN = "x-consul-token";
  private static final String BEARER = "Bearer ";
  private static final String EVENT_STREAM = "/dashboard/events";

  private final @Nullable Tokens tokens;
  private final Limits limits;
  private final Set<String> names;
  private final RateLimiter rate;
  private final ClientQuota watchers;

  private AccessControl(@Nullable Tokens tokens, Limits limits, Set<String> names) {
    this.names = names;
    this.tokens = tokens;
    this.limits = requireNonNull(limits, "limits");
    rate = new RateLimiter(limits.requestsPerSecond(), System::nanoTime);
    watchers = new ClientQuota(limits.watchers());
  }

  /**
   * Returns a control that lets every client do everything, for a centre on loopback.
   *
   * @param limits what one client may take
   * @return a new control
   */
  public static AccessControl withoutTokens(Limits limits) {
    return new AccessControl(null, limits, Set.of());
  }

  /**
   * Returns what asks for tokens.
   *
   * @param tokens who may do what
   * @param limits what one client may take
   * @return a new control
   */
  public static AccessControl of(Tokens tokens, Limits limits) {
    return new AccessControl(requireNonNull(tokens, "tokens"), limits, Set.of());
  }

  /**
   * Returns the same with names by which clients without a token may call the centre, besides
   * {@code localhost} and addresses.
   *
   * @param names host names, in any case
   * @return a new control, which counts anew
   */
  public AccessControl named(Collection<String> names) {
    return new AccessControl(
        tokens,
        limits,
        names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet()));
  }

  /**
   * Refuses to listen where strangers could call without a token, or read one on its way.
   *
   * @param address where the centre is to listen
   * @param tls whether it speaks TLS there
   * @throws RegistryException of kind {@code INVALID} where that is not safe
   */
  public void requireSafe(InetAddress address, boolean tls) {
    if (address.isLoopbackAddress()) {
      return;
    }
    String where = "address: " + address.getHostAddress();
    if (tokens == null) {
      throw RegistryException.invalid(
          where + " (expected: a loopback address, or a token file, since others reach this one)");
    }
    if (!tls) {
      throw RegistryException.invalid(
          where
              + " (expected: a loopback address, or TLS, since tokens would travel in the clear)");
    }
  }

  /**
   * Returns who a client is in counts: the principal's name, or else the address.
   *
   * @param request the request
   * @return a short text without secrets
   */
  public static String clientOf(ServiceRequestContext request) {
    Principal principal = Principal.of(request);
    boolean known =
        !principal.equals(Principal.LOCAL)
            && !principal.equals(Principal.NOBODY)
            && !principal.name().equals("anonymous");
    return known ? "principal " + principal.name() : "address " + remote(request);
  }

  /**
   * Returns the limits.
   *
   * @return what one client may take
   */
  public Limits limits() {
    return limits;
  }

  /**
   * Returns how many requests wait for a change at the moment.
   *
   * @return how many, of all clients
   */
  public int watchers() {
    return watchers.held();
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req)
      throws Exception {
    String sent = ctx.routingContext().requestTarget().rawPath();
    if (sent == null || !CanonicalPath.isCanonical(sent)) {
      return refuse(HttpStatus.BAD_REQUEST, "path: (expected: no '..', '//', '\\', ';' or %2F)");
    }
    if (isForeign(req)) {
      return refuse(HttpStatus.FORBIDDEN, "Permission denied: a page of another site asks");
    }
    Optional<Principal> found = authenticate(ctx, req.headers());
    found.ifPresent(principal -> principal.attachTo(ctx));
    String client = clientOf(ctx);
    if (!rate.admits(client)) {
      return tooMany("requests");
    }
    RequiredRole need = RequiredRole.of(req.method(), CanonicalPath.decoded(sent, ctx.path()));
    if (need != RequiredRole.NOTHING) {
      if (found.isEmpty()) {
        return unauthenticated();
      }
      if (!found.get().may(need)) {
        return refuse(HttpStatus.FORBIDDEN, "Permission denied");
      }
      if (!hasToken(req.headers()) && !isOwnName(req.headers())) {
        return refuse(
            HttpStatus.FORBIDDEN,
            "Permission denied: without a token the centre is called by an address, or a name that"
                + " its operator has said");
      }
    }
    if (isWatch(ctx)) {
      if (!watchers.take(client)) {
        return tooMany("watchers");
      }
      ctx.log().whenComplete().thenAccept(log -> watchers.giveBack(client));
    }
    return delegate.serve(ctx, req);
  }

  private boolean isForeign(HttpRequest request) {
    String authority = Strings.nullToEmpty(request.headers().authority());
    if (tokens == null && !isOwnName(request.headers())) {
      return true;
    }
    if (request.headers().get("sec-fetch-site", "").equals("cross-site")
        && !request.headers().get("sec-fetch-mode", "").equals("navigate")) {
      return true;
    }
    String origin = request.headers().get(HttpHeaderNames.ORIGIN);
    return origin != null
        && !origin.equalsIgnoreCase("http://" + authority)
        && !origin.equalsIgnoreCase("https://" + authority);
  }

  private static boolean hasToken(RequestHeaders headers) {
    return !headers.get(CONSUL_TOKEN, "").isEmpty()
        || headers
            .get(HttpHeaderNames.AUTHORIZATION, "")
            .regionMatches(true, 0, BEARER, 0, BEARER.length());
  }

  private boolean isOwnName(RequestHeaders headers) {
    String authority = Strings.nullToEmpty(headers.authority());
    try {
      String host = HostAndPort.fromString(authority).getHost();
      return host.equalsIgnoreCase("localhost")
          || InetAddresses.isInetAddress(host)
          || names.contains(host.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException malformed) {
      return false;
    }
  }

  private Optional<Principal> authenticate(ServiceRequestContext ctx, RequestHeaders headers) {
    if (tokens == null) {
      return Optional.of(Principal.LOCAL);
    }
    String token = headers.get(CONSUL_TOKEN, "");
    String authorization = headers.get(HttpHeaderNames.AUTHORIZATION, "");
    if (token.isEmpty() && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      token = authorization.substring(BEARER.length()).strip();
    }
    if (!token.isEmpty()) {
      return tokens.find(token);
    }
    String commonName = commonName(ctx.sslSession());
    Optional<Principal> certified =
        commonName == null ? Optional.empty() : tokens.ofCertificate(commonName);
    return certified.isPresent() ? certified : tokens.anonymous();
  }

  private static @Nullable String commonName(@Nullable SSLSession session) {
    if (session == null) {
      return null;
    }
    try {
      String subject = session.getPeerPrincipal().getName();
      for (Rdn part : new LdapName(subject).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return part.getValue().toString();
        }
      }
      return null;
    } catch (SSLPeerUnverifiedException | InvalidNameException none) {
      return null;
    }
  }

  /** Consul's blocking queries, and the dashboard's stream. */
  private static boolean isWatch(ServiceRequestContext ctx) {
    return ctx.path().equals(EVENT_STREAM)
        || (ctx.path().startsWith("/v1/")
            && (ctx.queryParam("index") != null || ctx.queryParam("hash") != null));
  }

  private static String remote(ServiceRequestContext ctx) {
    InetSocketAddress remote = ctx.remoteAddress();
    return remote.getAddress().getHostAddress();
  }

  private HttpResponse unauthenticated() {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.UNAUTHORIZED)
            .contentType(MediaType.PLAIN_TEXT_UTF_8)
            .set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"rollcall\"")
            .build(),
        HttpData.ofUtf8(
            "a token is needed, in the header X-Consul-Token or Authorization: Bearer"));
  }

  private static HttpResponse tooMany(String what) {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.TOO_MANY_REQUESTS)
            .contentType(MediaType.PLAIN_TEXT_UTF_8)
            .set(HttpHeaderNames.RETRY_AFTER, "1")
            .build(),
        HttpData.ofUtf8("too many " + what + " of one client"));
  }

  private static HttpResponse refuse(HttpStatus status, String sentence) {
    return HttpResponse.of(status, MediaType.PLAIN_TEXT_UTF_8, "%s", sentence);
  }
}
