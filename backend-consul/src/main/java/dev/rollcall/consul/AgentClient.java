package dev.rollcall.consul;

import com.google.common.net.HostAndPort;
import com.orbitz.consul.Consul;
import com.orbitz.consul.ConsulException;
import dev.rollcall.RegistryException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import okhttp3.ConnectionPool;
import org.jspecify.annotations.Nullable;

/**
 * Uses the Consul client, for what is removed from the agent. No other class knows it, so a change
 * to its maintained fork ({@code org.kiwiproject:consul-client}) changes imports here alone.
 *
 * <p>The first removal makes the client: that costs as much CPU as all else that it takes to
 * register. {@code consul} and {@code closed} are guarded by {@code this}.
 */
final class AgentClient implements AutoCloseable {
  private final ConsulBackendSettings settings;
  private final ConsulErrors errors;
  private final ConnectionPool connections;
  private final ExecutorService threads;

  /** Made at once, so that a class path without the client fails where the backend is opened. */
  private final Consul.Builder client = Consul.builder();

  private @Nullable Consul consul;
  private boolean closed;

  /**
   * Creates one that has no client yet.
   *
   * @param connections shared with all other calls
   * @param threads for a client that must be given some and uses none
   */
  AgentClient(
      ConsulBackendSettings settings,
      ConsulErrors errors,
      ConnectionPool connections,
      ExecutorService threads) {
    this.settings = settings;
    this.errors = errors;
    this.connections = connections;
    this.threads = threads;
  }

  /**
   * Removes a service from the agent; one that is not there is fine. Blocks until that is answered.
   *
   * @throws RegistryException where it is not
   */
  void deregister(String consulId) throws IOException {
    try {
      consul().agentClient().deregister(consulId);
    } catch (ConsulException failed) {
      throw failure(failed);
    }
  }

  private synchronized Consul consul() throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
    if (consul == null) {
      consul = build();
    }
    return consul;
  }

  private Consul build() {
    int timeoutMillis = (int) settings.timeout().toMillis();
    client
        .withHostAndPort(
            HostAndPort.fromParts(settings.address().host(), settings.address().port()))
        .withHttps(settings.tls().isPresent())
        .withPing(false)
        .withExecutorService(threads)
        .withConnectionPool(connections)
        .withConnectTimeoutMillis(timeoutMillis)
        .withReadTimeoutMillis(timeoutMillis)
        .withWriteTimeoutMillis(timeoutMillis);
    settings
        .tls()
        .ifPresent(
            tls -> client.withSslContext(tls.context()).withTrustManager(tls.trustManager()));
    if (!settings.token().isEmpty()) {
      client.withTokenAuth(settings.token());
    }
    // The client does not know the parameters; Consul takes both as headers as well.
    Map<String, String> tenancy = new HashMap<>();
    if (!settings.namespace().isEmpty()) {
      tenancy.put("X-Consul-Namespace", settings.namespace());
    }
    if (!settings.partition().isEmpty()) {
      tenancy.put("X-Consul-Partition", settings.partition());
    }
    return client.withHeaders(tenancy).build();
  }

  private RegistryException failure(ConsulException failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConsulException said && said.getCode() != 0) {
        String words = String.valueOf(said.getMessage());
        return errors.of(said.getCode(), words.substring(words.indexOf(']') + 1));
      }
    }
    return errors.of(failed);
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (consul != null) {
      consul.destroy();
    }
  }
}
