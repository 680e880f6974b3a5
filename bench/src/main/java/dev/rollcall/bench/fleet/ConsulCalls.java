package dev.rollcall.bench.fleet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * Consul's agent by plain HTTP, a few calls at a time, as its Java clients call it. Thread-safe.
 */
final class ConsulCalls {
  private static final int AT_A_TIME = 16;

  private final String address;
  private final OkHttpClient client;

  ConsulCalls(String address) {
    this.address = address;
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(AT_A_TIME);
    dispatcher.setMaxRequestsPerHost(AT_A_TIME);
    client = new OkHttpClient.Builder().dispatcher(dispatcher).build();
  }

  /** Fails unless the answer is 200. */
  CompletableFuture<Integer> put(String path, String body) {
    CompletableFuture<Integer> done = new CompletableFuture<>();
    Request request =
        new Request.Builder()
            .url("http://" + address + path)
            .put(RequestBody.create(body.getBytes(StandardCharsets.UTF_8)))
            .build();
    client
        .newCall(request)
        .enqueue(
            new Callback() {
              @Override
              public void onFailure(Call call, IOException failure) {
                done.completeExceptionally(failure);
              }

              @Override
              public void onResponse(Call call, Response response) {
                try (response) {
                  if (response.isSuccessful()) {
                    done.complete(response.code());
                  } else {
                    done.completeExceptionally(new IOException(path + ": " + response.code()));
                  }
                }
              }
            });
    return done;
  }
}
