package dev.rollcall.bench.fleet;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * Blocking queries by plain HTTP, one for each service, with the same wait as Rollcall's, and a TTL
 * check that passes thrice a TTL, as Rollcall's does. Thread-safe.
 */
final class RawConsul implements RawClient {
  private static final int MOST = 3000;

  private final AtomicLong heard = new AtomicLong();
  private final CountDownLatch first;
  private final String address;
  private final OkHttpClient client;
  private final ScheduledExecutorService beats =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "raw-consul-heartbeat");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean closed;

  RawConsul(String address, int services) throws Exception {
    this.address = address;
    first = new CountDownLatch(services);
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(MOST);
    dispatcher.setMaxRequestsPerHost(MOST);
    client =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .connectionPool(new ConnectionPool(MOST, 1, TimeUnit.MINUTES))
            .readTimeout(Duration.ofSeconds(30))
            .build();
    String id = "raw-" + address.substring(address.indexOf(':') + 1);
    put(
        "/v1/agent/service/register",
        "{\"ID\":\""
            + id
            + "\",\"Name\":\"raw\",\"Address\":\"10.0.0.7\",\"Port\":8080,\"Check\":{\"TTL\":\""
            + TTL_SECONDS
            + "s\"}}");
    beats.scheduleAtFixedRate(() -> beat(id), 0, TTL_SECONDS * 1000L / 3, TimeUnit.MILLISECONDS);
    for (int i = 0; i < services; i++) {
      ask(Instances.service(i), "0", true);
    }
    if (!first.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException(first.getCount() + " services were not answered");
    }
  }

  private void beat(String id) {
    try {
      put("/v1/agent/check/pass/service:" + id, "");
    } catch (IOException failed) {
      if (!closed) {
        throw new IllegalStateException(failed);
      }
    }
  }

  private void put(String path, String body) throws IOException {
    Request request =
        new Request.Builder()
            .url("http://" + address + path)
            .put(RequestBody.create(body.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
            .build();
    try (Response response = client.newCall(request).execute()) {
      if (!response.isSuccessful()) {
        throw new IOException(path + ": " + response.code());
      }
    }
  }

  private void ask(String service, String index, boolean isFirst) {
    Request request =
        new Request.Builder()
            .url(
                "http://"
                    + address
                    + "/v1/health/service/"
                    + service
                    + (isFirst ? "" : "?wait=5s&index=" + index))
            .build();
    client
        .newCall(request)
        .enqueue(
            new Callback() {
              @Override
              public void onFailure(Call call, IOException failure) {
                if (!closed) {
                  ask(service, index, isFirst);
                }
              }

              @Override
              public void onResponse(Call call, Response response) throws IOException {
                String now = response.header("X-Consul-Index", "0");
                try (response) {
                  response.body().bytes();
                }
                if (isFirst) {
                  first.countDown();
                } else if (!now.equals(index)) {
                  heard.incrementAndGet();
                }
                if (!closed) {
                  ask(service, now, false);
                }
              }
            });
  }

  @Override
  public long heard() {
    return heard.get();
  }

  @Override
  public void close() {
    closed = true;
    beats.shutdownNow();
    client.dispatcher().cancelAll();
    client.dispatcher().executorService().shutdown();
    client.connectionPool().evictAll();
  }
}
