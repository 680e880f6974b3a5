package dev.rollcall.server.consul;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.util.SafeCloseable;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.server.BudgetException;
import dev.rollcall.server.CentreContext;
import dev.rollcall.server.CentrePart;
import dev.rollcall.server.FairThreads;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.spi.support.BackendProviders;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Consul's HTTP API below {@code /v1/}, as far as discovery needs it: agent, catalog, health, keys,
 * sessions, events, status. What of Consul's API is not served answers 501 and says so; what is not
 * Consul's answers 404. Thread-safe.
 *
 * @since 0.1.0
 */
public final class ConsulApi implements CentrePart, HttpService {
  private static final Logger LOG = LoggerFactory.getLogger(ConsulApi.class);
  private static final String PREFIX = "/v1/";

  /** How many requests of one client may wait for its turn. */
  private static final int MOST_FILTERS = 1_000;

  private static final int MOST_READS = 10_000;
  private static final Set<String> UNSERVED =
      Set.of(
          "acl",
          "agent",
          "catalog",
          "config",
          "connect",
          "coordinate",
          "discovery-chain",
          "event",
          "health",
          "internal",
          "kv",
          "operator",
          "query",
          "session",
          "snapshot",
          "status",
          "namespace",
          "namespaces");

  private final Identity identity;
  private final CatalogIndex catalog;
  private final LocalAgent agent;
  private final StoreContact contact;
  private final StoreLink link;

  /** Filters apart from the rest: one may take seconds, and a listing takes milliseconds. */
  private final FairThreads filters =
      new FairThreads("rollcall-centre-filter", FairThreads.half(), MOST_FILTERS);

  private final FairThreads readers =
      new FairThreads("rollcall-centre-read", FairThreads.half(), MOST_READS);
  private final FairThreads senders =
      new FairThreads("rollcall-centre-send", FairThreads.half(), Integer.MAX_VALUE);
  private final Permissions permissions;
  private final @Nullable KeyValues keys; // null where the store keeps no keys
  private final @Nullable Sessions sessions; // null where the store is shared, or keeps no keys
  private final @Nullable Keeper keeper; // null where nothing is kept
  private final Map<String, Route> exact = new HashMap<>();
  private final List<Route> prefixes = new ArrayList<>(); // the longest first

  /**
   * Creates the API in front of a centre's store.
   *
   * @param context what the centre offers to its parts
   * @param settings datacentre, node and limits
   * @throws RegistryException where there is a folder of data, and it cannot be used
   */
  public ConsulApi(CentreContext context, ConsulApiSettings settings) {
    identity = new Identity(settings.datacentre(), settings.node(), settings.version());
    DataFolder data = open(context, settings);
    Changes changes = new Changes(data != null);
    Changes keyChanges = new Changes(false);
    long firstIndex = settings.firstIndex();
    String life = UUID.randomUUID().toString();
    if (data != null) {
      firstIndex = Keeper.firstIndex(data, firstIndex);
      life = Keeper.mark(data);
      keyChanges = context.isStoreInProcess() ? changes : keyChanges;
    }
    catalog =
        context.isStoreInProcess()
            ? new CatalogIndex(firstIndex)
            : CatalogIndex.amongOthers(firstIndex);
    agent =
        new LocalAgent(
            identity.node(),
            catalog,
            context.calls().checkerOfRequests(),
            context.timer(),
            changes);
    contact = new StoreContact(context.backend(), context.timer(), context.isStoreInProcess());
    String mark = StoredEntry.mark(identity.node().name(), life);
    link = new StoreLink(context, catalog, agent, contact.catalog(), changes, mark);
    Queries queries =
        new Queries(
            catalog, contact, link, settings.datacentre(), settings.blockingQueriesByClient());
    permissions = settings.permissions();
    MemoryBudget memory = context.memory().kept();
    Quota quota = new Quota(catalog, permissions.maxRegistrations(), memory);
    Writes writes = new Writes(contact, link, permissions, quota, changes, keyChanges);
    keys = openKeys(context, firstIndex, keyChanges);
    sessions =
        keys != null && context.isStoreInProcess()
            ? new Sessions(catalog, keys, context.timer())
            : null;
    List<Route> routes = new ArrayList<>();
    if (keys != null) {
      routes.addAll(new KeyRoutes(keys, sessions, queries, writes).routes());
    }
    if (sessions != null) {
      routes.addAll(
          new SessionRoutes(sessions, catalog, queries, identity, permissions, memory).routes());
    }
    routes.addAll(
        new AgentRoutes(agent, identity, permissions, queries, contact, writes, changes, memory)
            .routes());
    routes.addAll(
        new CatalogRoutes(catalog, queries, identity, permissions, writes, link).routes());
    routes.addAll(
        new TxnRoutes(
                catalog, keys, sessions, queries, contact, link, identity, permissions, writes)
            .routes());
    routes.addAll(new HealthRoutes(catalog, queries, identity).routes());
    routes.addAll(new EventRoutes(catalog, queries).routes());
    routes.addAll(new StatusRoutes(identity, contact).routes());
    for (Route route : routes) {
      if (route.path().endsWith("/")) {
        prefixes.add(route);
      } else {
        exact.put(route.path(), route);
      }
    }
    prefixes.sort(Comparator.comparing((Route route) -> route.path().length()).reversed());
    keeper = data == null ? null : restore(data, changes, quota, context.isStoreInProcess());
  }

  private static @Nullable DataFolder open(CentreContext context, ConsulApiSettings settings) {
    String whose = settings.node() + " before " + BackendProviders.identity(context.storeUri());
    return settings.data().map(folder -> DataFolder.open(folder, whose)).orElse(null);
  }

  /** Has everything be as an earlier process has left it, before the first request. */
  private Keeper restore(DataFolder data, Changes changes, Quota quota, boolean isStoreInProcess) {
    KeyValues kept = isStoreInProcess ? keys : null;
    Keeper restorer =
        new Keeper(
            data,
            changes,
            agent,
            catalog,
            quota,
            kept,
            id -> sessions != null && sessions.get(id).map(Session::deletes).orElse(false));
    try {
      catalog.write(to -> to.putNode(identity.node()));
      link.restore(restorer::restore);
      restorer.start();
      if (kept != null) {
        kept.start();
      }
    } catch (RuntimeException failed) {
      restorer.close();
      agent.close();
      throw failed;
    }
    return restorer;
  }

  private @Nullable KeyValues openKeys(CentreContext context, long firstIndex, Changes changes) {
    try {
      return new KeyValues(
          catalog,
          BackendProviders.openKeyValue(context.storeUri(), context.timer()),
          firstIndex,
          context.isStoreInProcess(),
          contact.keys(),
          new KeyQuota(context.memory().kept()),
          changes);
    } catch (RegistryException keepsNone) {
      LOG.info("keys are not served: {}", keepsNone.getMessage());
      return null;
    }
  }

  /**
   * Returns the catalog as the centre's page reads it.
   *
   * @return a reader, as long as this API is open
   */
  public CatalogReader catalog() {
    return new CatalogReader(catalog, agent, contact.catalog());
  }

  @Override
  public void addTo(ServerBuilder server) {
    server.serviceUnder(PREFIX, this);
  }

  @Override
  public void started(InetSocketAddress address) {
    identity.started(address);
    CatalogNode node = identity.node();
    catalog.write(
        to -> {
          to.putNode(node);
          to.putService(identity.consul());
          to.putCheck(
              new CatalogCheck(
                  node.name(),
                  Identity.SERF,
                  "Serf Health Status",
                  CatalogCheck.PASSING,
                  "",
                  "Agent alive and reachable",
                  "",
                  "",
                  List.of(),
                  "",
                  0,
                  0));
        });
    contact.start();
    link.start();
    if (keys != null) {
      keys.start();
    }
  }

  @Override
  public boolean isReady() {
    return contact.catalog().isSynced();
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
    HttpResponse answer = answer(ctx, request);
    return identity.isLater() ? answer.mapHeaders(ConsulApi::later) : answer;
  }

  /** Adds what Consul's answers have since 1.9: there are no ACLs, and no streaming. */
  private static ResponseHeaders later(ResponseHeaders headers) {
    ResponseHeadersBuilder more = headers.toBuilder().set(Answer.DEFAULT_POLICY, "allow");
    if (headers.contains(Answer.INDEX)) {
      more.set(Answer.QUERY_BACKEND, "blocking-query");
    }
    return more.build();
  }

  private HttpResponse answer(ServiceRequestContext ctx, HttpRequest request) {
    try {
      // As it was sent: what the server makes of it has lost parts of keys and ids.
      String sent = ctx.routingContext().requestTarget().rawPath();
      if (sent == null || !sent.startsWith(PREFIX)) {
        throw RefusedException.bad("path: (expected: one that begins with " + PREFIX + ")");
      }
      String path = Paths.decode(sent.substring(PREFIX.length()));
      Route route = exact.get(path);
      String rest = "";
      for (int i = 0; route == null && i < prefixes.size(); i++) {
        if (path.startsWith(prefixes.get(i).path())) {
          route = prefixes.get(i);
          rest = path.substring(route.path().length());
        }
      }
      if (route == null) {
        return unknown(path).response();
      }
      Unkept.require(ctx.queryParams(), request.headers());
      Pieces.takeTurns(ctx, senders.of(permissions.clientOf(ctx)));
      Route.Handler handler = route.handler(request.method());
      if (handler == null) {
        return refusedMethod(request.method(), route);
      }
      if (request.method() == HttpMethod.GET) {
        return get(
            route,
            handler,
            new Call(
                ctx,
                request.method(),
                rest,
                ctx.queryParams(),
                Bytes.empty(),
                ctx.eventLoop().withoutContext()));
      }
      Route.Handler taken = handler;
      String remaining = rest;
      return HttpResponse.of(
          request
              .aggregate()
              .thenApply(
                  (AggregatedHttpRequest whole) ->
                      handle(
                          taken,
                          new Call(
                              ctx,
                              request.method(),
                              remaining,
                              ctx.queryParams(),
                              Bytes.of(whole.content().array()),
                              ctx.eventLoop().withoutContext()))));
    } catch (RefusedException refused) {
      return refused.answer().response();
    }
  }

  private HttpResponse get(Route route, Route.Handler handler, Call call) {
    if (call.isFiltered()) {
      return later(handler, call, filters, "filter: too many wait already");
    }
    return route.isWide().test(call)
        ? later(handler, call, readers, "too many requests for long lists wait already")
        : handle(handler, call);
  }

  /** Answers in the client's turn. */
  private HttpResponse later(
      Route.Handler handler, Call call, FairThreads threads, String tooMany) {
    String client = permissions.clientOf(call.ctx());
    if (!threads.hasRoom(client)) {
      throw new RefusedException(429, tooMany);
    }
    Call turn = call.on(threads.of(client));
    return HttpResponse.of(
        CompletableFuture.supplyAsync(() -> handle(handler, turn), turn.executor()));
  }

  private static HttpResponse handle(Route.Handler handler, Call call) {
    // Pushed, so that whatever runs the checks knows who registers them.
    SafeCloseable current = call.ctx().push();
    try {
      return handler.handle(call);
    } catch (RefusedException refused) {
      return refused.answer().response();
    } catch (BudgetException refused) {
      return Answer.text(refused.status(), refused.sentence()).response();
    } finally {
      current.close();
    }
  }

  private static Answer unknown(String path) {
    int slash = path.indexOf('/');
    String first = slash < 0 ? path : path.substring(0, slash);
    return UNSERVED.contains(first)
        ? Answer.text(501, "/v1/" + Fields.shown(path) + " is not served by this registry centre")
        : Answer.text(404, "/v1/" + Fields.shown(path) + " is not a path of Consul's API");
  }

  private static HttpResponse refusedMethod(HttpMethod method, Route route) {
    if (method == HttpMethod.OPTIONS) {
      return HttpResponse.of(
          ResponseHeaders.builder(HttpStatus.OK)
              .set(HttpHeaderNames.ALLOW, route.allowed())
              .build(),
          HttpData.empty());
    }
    return Answer.text(405, "method " + method + " not allowed")
        .with(HttpHeaderNames.ALLOW, route.allowed())
        .response();
  }

  @Override
  public void close() {
    if (keeper != null) {
      keeper.close(); // first: what ends from here on ends with the process
    }
    filters.close();
    readers.close();
    senders.close();
    agent.close();
    contact.close();
    link.close();
    if (sessions != null) {
      sessions.close();
    }
    if (keys != null) {
      keys.close();
    }
  }
}
