package dev.rollcall.server.dashboard;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.Health;
import dev.rollcall.server.BudgetException;
import dev.rollcall.server.UnderWay;
import dev.rollcall.server.access.Principal;
import dev.rollcall.server.consul.CatalogReader;
import dev.rollcall.server.consul.ListedInstance;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Function;

/**
 * What an open page asks for: instances of one service, some at a time; which services have
 * instances of a kind; nodes; and the role of its user. All is found on a thread of their own,
 * {@code rollcall-dashboard}, since they look through all that there is. Thread-safe.
 */
final class Pages implements AutoCloseable {
  /** Where a page ends, however few are on it by then. */
  private static final int MAX_BYTES = 256 << 10;

  private static final int MAX_ON_PAGE = 1_000;
  private static final int MAX_WAITING = 64;

  private static final Comparator<Health> WORST_FIRST = Comparator.reverseOrder();

  private final Feed feed;
  private final CatalogReader catalog;
  private final ThreadPoolExecutor thread =
      DashboardThread.open("rollcall-dashboard", new LinkedBlockingQueue<>(MAX_WAITING));

  Pages(Feed feed, CatalogReader catalog) {
    this.feed = feed;
    this.catalog = catalog;
  }

  /** {@code /dashboard/instances?service=…}, and what {@link Wanted} takes. */
  HttpResponse instances(ServiceRequestContext ctx, HttpRequest request) {
    String service = ctx.queryParams().get("service", "");
    return answer(
        ctx,
        request,
        wanted -> {
          List<ListedInstance> matching = new ArrayList<>();
          for (ListedInstance instance : feed.instances(service)) {
            if (wanted.matches(instance)) {
              matching.add(instance);
            }
          }
          if (byHealth(ctx)) {
            matching.sort(Comparator.comparing(ListedInstance::health, WORST_FIRST));
          }
          List<Events.Shown> shown = new ArrayList<>();
          for (ListedInstance instance : some(ctx, matching)) {
            // As it is by now: a new output alone is not reported.
            shown.add(
                new Events.Shown(
                    catalog.instance(instance.id()).orElse(instance),
                    catalog.isAgents(instance.id())));
          }
          return Events.instances(shown, matching.size(), MAX_BYTES);
        });
  }

  /** {@code /dashboard/search}, with what {@link Wanted} takes. */
  HttpResponse search(ServiceRequestContext ctx, HttpRequest request) {
    return answer(
        ctx,
        request,
        wanted -> {
          List<ServiceCounts> found = new ArrayList<>();
          for (String name : feed.names()) {
            ServiceCounts counts = ServiceCounts.none(name);
            for (ListedInstance instance : feed.instances(name)) {
              if (wanted.matches(instance)) {
                counts = counts.with(instance.health(), 1);
              }
            }
            if (!counts.isNone()) {
              found.add(counts);
            }
          }
          return Events.found(found);
        });
  }

  /** {@code /dashboard/nodes}, with the words, the health and the node of {@link Wanted}. */
  HttpResponse nodes(ServiceRequestContext ctx, HttpRequest request) {
    return answer(
        ctx,
        request,
        wanted -> {
          Map<String, ServiceCounts> on = new HashMap<>();
          for (String service : feed.names()) {
            for (ListedInstance each : feed.instances(service)) {
              on.merge(
                  each.id().node(),
                  ServiceCounts.none(each.id().node()).with(each.health(), 1),
                  ServiceCounts::and);
            }
          }
          List<NodeRow> matching = new ArrayList<>();
          for (CatalogReader.ListedNode node : catalog.nodes()) {
            NodeRow row =
                new NodeRow(node, on.getOrDefault(node.name(), ServiceCounts.none(node.name())));
            if (row.isWanted(wanted)) {
              matching.add(row);
            }
          }
          matching.sort(Comparator.comparing(row -> row.node().name(), NaturalOrder.INSTANCE));
          if (byHealth(ctx)) {
            matching.sort(Comparator.comparing(NodeRow::health, WORST_FIRST));
          }
          return Events.nodes(some(ctx, matching), matching.size(), MAX_BYTES);
        });
  }

  /** {@code /dashboard/me}: the name of the caller, and what it may do. */
  HttpResponse me(ServiceRequestContext ctx, HttpRequest request) {
    Principal asking = Principal.of(ctx);
    return answer(ctx, request, wanted -> Events.me(asking, catalog.ownNode()));
  }

  private static boolean byHealth(ServiceRequestContext ctx) {
    return ctx.queryParams().get("sort", "").equals("health");
  }

  private static <T> List<T> some(ServiceRequestContext ctx, List<T> all) {
    int count = Math.max(1, Math.min(MAX_ON_PAGE, ctx.queryParams().getInt("count", 100)));
    return all.subList(0, Math.min(count, all.size()));
  }

  private HttpResponse answer(
      ServiceRequestContext ctx, HttpRequest request, Function<Wanted, byte[]> find) {
    if (request.method() != HttpMethod.GET) {
      return PageFile.notAllowed("GET");
    }
    return Wanted.of(ctx.queryParams())
        .map(wanted -> answer(ctx, wanted, find))
        .orElseGet(
            () ->
                sentence(
                    HttpStatus.BAD_REQUEST,
                    "health: (expected: passing, warning, critical or failing)"));
  }

  private HttpResponse answer(
      ServiceRequestContext ctx, Wanted wanted, Function<Wanted, byte[]> find) {
    try {
      return HttpResponse.of(
          CompletableFuture.supplyAsync(() -> find.apply(wanted), thread)
              .thenApply(json -> json(ctx, json)));
    } catch (RejectedExecutionException busy) {
      return sentence(HttpStatus.TOO_MANY_REQUESTS, "too many searches wait already");
    }
  }

  private static HttpResponse json(ServiceRequestContext ctx, byte[] json) {
    try {
      UnderWay.of(ctx).ifPresent(hold -> hold.grow(2L * json.length));
    } catch (BudgetException refused) {
      return sentence(HttpStatus.valueOf(refused.status()), refused.sentence());
    }
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.JSON_UTF_8)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .build(),
        HttpData.wrap(json));
  }

  private static HttpResponse sentence(HttpStatus status, String sentence) {
    return HttpResponse.of(status, MediaType.PLAIN_TEXT_UTF_8, "%s", sentence);
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
