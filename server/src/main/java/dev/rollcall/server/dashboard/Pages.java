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
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.BudgetException;
import dev.rollcall.server.UnderWay;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What the page asks for while somebody looks at it: instances of one service, some at a time, and
 * which services have instances with given words in them. Both are found on a thread of their own,
 * {@code rollcall-dashboard}, since they look through all that there is. Thread-safe.
 */
final class Pages implements AutoCloseable {
  /** Where a page of instances ends, however few they are by then. */
  private static final int MAX_BYTES = 256 << 10;

  private static final int MAX_INSTANCES = 1_000;
  private static final int MAX_WORDS = 16;
  private static final int MAX_WAITING = 64;

  private final Feed feed;
  private final ThreadPoolExecutor thread;

  Pages(Feed feed) {
    this.feed = feed;
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            task -> {
              Thread made = new Thread(task, "rollcall-dashboard");
              made.setDaemon(true);
              return made;
            });
    thread.allowCoreThreadTimeOut(true);
  }

  /** {@code /dashboard/instances?service=…&count=…&q=…&failing}. */
  HttpResponse instances(ServiceRequestContext ctx, HttpRequest request) {
    String service = ctx.queryParams().get("service", "");
    int count = Math.max(1, Math.min(MAX_INSTANCES, ctx.queryParams().getInt("count", 100)));
    Wanted wanted = Wanted.of(ctx);
    return answer(
        ctx,
        request,
        () -> {
          List<ServiceInstance> matching = new ArrayList<>();
          for (ServiceInstance instance : feed.instances(service)) {
            if (wanted.matches(instance)) {
              matching.add(instance);
            }
          }
          return Events.instances(
              matching.subList(0, Math.min(count, matching.size())), matching.size(), MAX_BYTES);
        });
  }

  /** {@code /dashboard/search?q=…&failing}. */
  HttpResponse search(ServiceRequestContext ctx, HttpRequest request) {
    Wanted wanted = Wanted.of(ctx);
    return answer(
        ctx,
        request,
        () -> {
          Map<String, Integer> found = new TreeMap<>(NaturalOrder.INSTANCE);
          for (String name : feed.names()) {
            int matching = 0;
            for (ServiceInstance instance : feed.instances(name)) {
              matching += wanted.matches(instance) ? 1 : 0;
            }
            if (matching > 0) {
              found.put(name, matching);
            }
          }
          return Events.found(found);
        });
  }

  /**
   * What is looked for.
   *
   * @param words in small letters; each must be in some field
   * @param failing whether only what does not pass is
   */
  private record Wanted(List<String> words, boolean failing) {
    static Wanted of(ServiceRequestContext ctx) {
      List<String> words = new ArrayList<>();
      for (String word :
          ctx.queryParams().get("q", "").toLowerCase(Locale.ROOT).split("\\s+", -1)) {
        if (!word.isEmpty() && words.size() < MAX_WORDS) {
          words.add(word);
        }
      }
      return new Wanted(List.copyOf(words), ctx.queryParams().contains("failing"));
    }

    boolean matches(ServiceInstance instance) {
      if (failing && instance.health() == Health.PASSING) {
        return false;
      }
      return words.isEmpty() || words.stream().allMatch(text(instance)::contains);
    }

    private static String text(ServiceInstance instance) {
      StringBuilder text = new StringBuilder();
      text.append(instance.service()).append('\n').append(instance.id()).append('\n');
      text.append(instance.host()).append(':').append(instance.port()).append('\n');
      text.append(instance.zone()).append('\n').append(instance.health()).append('\n');
      instance.tags().forEach(tag -> text.append(tag).append('\n'));
      instance
          .metadata()
          .forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
      return text.toString().toLowerCase(Locale.ROOT);
    }
  }

  private HttpResponse answer(
      ServiceRequestContext ctx, HttpRequest request, Supplier<byte[]> found) {
    if (request.method() != HttpMethod.GET) {
      return PageFile.notAllowed("GET");
    }
    try {
      return HttpResponse.of(
          CompletableFuture.supplyAsync(found, thread).thenApply(json -> json(ctx, json)));
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
