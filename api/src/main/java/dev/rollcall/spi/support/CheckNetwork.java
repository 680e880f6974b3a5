package dev.rollcall.spi.support;

import com.google.common.net.InetAddresses;
import dev.rollcall.Liveness;
import dev.rollcall.spi.HealthChecker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.nio.channels.AsynchronousChannelGroup;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads and sockets of one {@link NetworkHealthChecker}: two workers, up to four threads that
 * resolve names (which blocks and cannot be cancelled), one for the channels and the HTTP clients'
 * own: one client for each way to make sure of a server, since the JDK's has one way for all. All
 * are daemons; none is there before it is needed, and workers and resolvers end when they are idle.
 * Thread-safe; the fields that are not final are guarded by this object's monitor.
 */
final class CheckNetwork {
  private static final int WORKERS = 2;
  private static final int RESOLVERS = 4;
  private static final Logger LOG = LoggerFactory.getLogger(HealthChecker.class);

  private final ThreadFactory threads;
  private final ThreadPoolExecutor workers;
  private final ThreadPoolExecutor resolvers;

  private final Map<Liveness.Tls, HttpClient> clients = new HashMap<>();
  private @Nullable AsynchronousChannelGroup channels;
  private boolean closed;

  CheckNetwork(String name) {
    AtomicInteger number = new AtomicInteger();
    threads =
        task -> {
          Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        };
    workers = pool(WORKERS);
    resolvers = pool(RESOLVERS);
  }

  /** Returns what runs short tasks; after {@link #close} it drops them. */
  Executor workers() {
    return workers;
  }

  /**
   * Finds a host's addresses, which are given to a worker, or no address where there is none. A
   * literal address needs no resolver and waits for none.
   */
  void resolve(String host, Consumer<InetAddress[]> then) {
    if (InetAddresses.isInetAddress(host)) {
      then.accept(new InetAddress[] {InetAddresses.forString(host)});
      return;
    }
    resolvers.execute(
        () -> {
          InetAddress[] addresses;
          try {
            addresses = InetAddress.getAllByName(host);
          } catch (UnknownHostException | SecurityException unknown) {
            addresses = new InetAddress[0];
          }
          InetAddress[] found = addresses;
          workers.execute(() -> then.accept(found));
        });
  }

  synchronized HttpClient client(Liveness.Tls tls) throws IOException {
    requireOpen();
    HttpClient client = clients.get(tls);
    if (client == null) {
      client = newClient(tls);
      clients.put(tls, client);
    }
    return client;
  }

  private HttpClient newClient(Liveness.Tls tls) throws IOException {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(HttpClient.Builder.NO_PROXY)
            .executor(workers);
    if (!tls.equals(Liveness.Tls.DEFAULT)) {
      // A context of its own, since the JDK's resumes a session with an address, whatever name that
      // was for, and asks for no certificate then.
      builder.sslContext(context(tls.skipVerify()));
    }
    if (tls.serverName().isPresent()) {
      // For a host that is an IP address, which has no name of its own to ask for.
      SSLParameters parameters = new SSLParameters();
      parameters.setServerNames(List.of(new SNIHostName(tls.serverName().get())));
      builder.sslParameters(parameters);
    }
    return builder.build();
  }

  private static SSLContext context(boolean skipVerify) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, skipVerify ? new TrustManager[] {new AnyCertificate()} : null, null);
      return context;
    } catch (GeneralSecurityException failed) {
      throw new IOException("the JDK's TLS does not work", failed);
    }
  }

  synchronized AsynchronousChannelGroup channels() throws IOException {
    requireOpen();
    if (channels == null) {
      channels = AsynchronousChannelGroup.withFixedThreadPool(1, threads);
    }
    return channels;
  }

  /** Closes everything. All that was asked for must have been given up before. Idempotent. */
  void close() {
    List<AutoCloseable> lastClients = new ArrayList<>();
    AsynchronousChannelGroup lastChannels;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      for (HttpClient client : clients.values()) {
        if (client instanceof AutoCloseable closeable) {
          lastClients.add(closeable);
        }
      }
      lastChannels = channels;
      clients.clear();
      channels = null;
    }
    resolvers.shutdownNow();
    if (lastChannels != null) {
      try {
        lastChannels.shutdownNow();
      } catch (IOException failed) {
        LOG.debug("closing the channels of health checks", failed);
      }
    }
    // Since JDK 21 a client can be closed, and waits for its last exchange, which needs the
    // workers. Before, it ends by itself once nobody refers to it.
    if (lastClients.isEmpty()) {
      workers.shutdown();
    } else {
      threads.newThread(() -> end(lastClients)).start();
    }
  }

  private void end(List<AutoCloseable> lastClients) {
    for (AutoCloseable client : lastClients) {
      try {
        client.close();
      } catch (Exception failed) {
        LOG.debug("closing an HTTP client of health checks", failed);
      }
    }
    workers.shutdown();
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("the health checker is closed");
    }
  }

  private ThreadPoolExecutor pool(int size) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            size,
            size,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            threads,
            new ThreadPoolExecutor.DiscardPolicy());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
