package dev.rollcall.etcd;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.Faults;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.auth.Permission;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What the contract's tests can do to one etcd server, and to the line to it. A guarded server asks
 * who its clients are, and can therefore refuse them; what is asked at the root's hand stays.
 */
final class EtcdFaults implements Faults, AutoCloseable {
  private final EtcdServer server;
  private final FaultProxy proxy;
  private final boolean guarded;
  private boolean stopped;
  private boolean denied;

  EtcdFaults(EtcdServer server, boolean guarded) {
    this.server = server;
    this.proxy = FaultProxy.to(server);
    this.guarded = guarded;
    if (guarded) {
      asRoot(
          client -> {
            Auth auth = client.getAuthClient();
            for (String name : List.of("root", "app")) {
              auth.userAdd(bytes(name), bytes("pw")).get();
              auth.roleAdd(bytes(name)).get();
              auth.userGrantRole(bytes(name), bytes(name)).get();
            }
            grant(auth);
            auth.authEnable().get();
          },
          false);
    }
  }

  /** The URI of the way on which the faults lie. */
  String uri() {
    return "etcd://127.0.0.1:" + proxy.port() + "?timeout=4s" + login("app");
  }

  boolean guards() {
    return guarded;
  }

  private String login(String user) {
    return guarded ? "&user=" + user + "&password=pw" : "";
  }

  @Override
  public Set<Fault> offered() {
    return guarded
        ? EnumSet.of(Fault.STOP, Fault.CUT, Fault.SILENCE, Fault.DENY)
        : EnumSet.of(Fault.STOP, Fault.CUT, Fault.SILENCE, Fault.WIPE, Fault.GARBAGE);
  }

  @Override
  public void begin(Fault fault, String service) {
    switch (fault) {
      case STOP -> {
        stopped = true;
        server.kill();
      }
      case CUT -> proxy.cut();
      case SILENCE -> proxy.stall();
      case WIPE -> {
        server.kill();
        server.wipe();
        server.start();
      }
      case DENY -> {
        denied = true;
        asRoot(
            client -> {
              for (String begin : List.of("/", "kv/")) {
                client
                    .getAuthClient()
                    .roleRevokePermission(bytes("app"), bytes(begin), bytes(after(begin)))
                    .get();
              }
            },
            true);
        proxy.resetAll(); // etcd looks at permissions when a watch begins, not later
      }
      case GARBAGE -> {
        put("/rollcall/" + service + "/garbage", "{\"host\":");
        for (String key : List.of("\t/x", "\u2028/x", "/\u200b", "/..", "/", "//x", "/a/b", "")) {
          put("/rollcall/" + service + key, "no address");
        }
      }
      default -> throw new UnsupportedOperationException(fault.name());
    }
  }

  @Override
  public void heal() {
    if (stopped) {
      server.start();
      // A single member that has just restarted may answer reads without the last writes; not so
      // once it has written again.
      put("/barrier", "");
      stopped = false;
    }
    if (denied) {
      asRoot(client -> grant(client.getAuthClient()), true);
      denied = false;
    }
    proxy.heal();
  }

  /** The end of a range of all that begins with something that ends in a slash. */
  private static String after(String slashed) {
    return slashed.substring(0, slashed.length() - 1) + "0";
  }

  private static void grant(Auth auth) throws Exception {
    for (String begin : List.of("/", "kv/")) {
      auth.roleGrantPermission(
              bytes("app"), bytes(begin), bytes(after(begin)), Permission.Type.READWRITE)
          .get();
    }
  }

  @Override
  public RegistryBackend beside(Timer timer) {
    return EtcdBackend.open(besideUri(), timer);
  }

  /** The URI of a way on which no faults lie. */
  String besideUri() {
    return "etcd://127.0.0.1:" + server.port() + "?timeout=4s" + login("root");
  }

  private void put(String key, String value) {
    asRoot(
        client -> client.getKVClient().put(bytes(key), bytes(value)).get(10, TimeUnit.SECONDS),
        guarded);
  }

  private void asRoot(Work work, boolean login) {
    ClientBuilder builder = Client.builder().endpoints(server.endpoint());
    if (login) {
      builder.user(bytes("root")).password(bytes("pw"));
    }
    try (Client client = builder.build()) {
      work.with(client);
    } catch (Exception failed) {
      throw new IllegalStateException("changing the store behind the clients' backs", failed);
    }
  }

  /** Something to be done with a client. */
  private interface Work {
    void with(Client client) throws Exception;
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    proxy.close();
  }
}
