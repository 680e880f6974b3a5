package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.server.Centre;
import dev.rollcall.server.CentreBuilder;
import dev.rollcall.server.CentreLimits;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.access.Tls;
import dev.rollcall.server.access.Tokens;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.outbound.AddressRange;
import dev.rollcall.server.outbound.OutboundPolicy;
import dev.rollcall.server.standard.StandardCentre;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rollcall serve}. */
@Command(
    name = "serve",
    description = {
      "Runs the registry centre over a store, until it is interrupted: Consul's HTTP API, the"
          + " exchange of providers on /services, and a dashboard at /.",
      "When it can be used it prints one line: rollcall: ready at http://HOST:PORT",
      "What is registered, and the keys of a store in memory, are there again after the next start."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:it was told to stop, and has",
      "1:the port is taken, or something else failed",
      "2:the command line is wrong"
    })
final class ServeCommand implements Callable<Integer> {
  private static final int BLOCKING_QUERIES_BY_CLIENT = 10_000;

  @Option(
      names = "--backend",
      paramLabel = "URI",
      // Shown nowhere: it may hold a token.
      defaultValue = "${env:ROLLCALL_BACKEND}",
      description =
          "The store; ROLLCALL_BACKEND in the environment where not given, else memory:, one in this"
              + " process. With consul://… or etcd://… several centres share one.")
  private @Nullable String backend;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8500",
      description = "Where to listen, 0 for any free port; ${DEFAULT-VALUE} where not given.")
  private int port = CentreBuilder.DEFAULT_PORT;

  @Option(
      names = {"--services-port", "--s5-port"},
      paramLabel = "PORT",
      description =
          "A second port with all of the same, 3000 being the one that clients of /services have"
              + " built in.")
  private @Nullable Integer servicesPort;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description =
          "The address to listen on; ${DEFAULT-VALUE} where not given. Without --tokens and TLS it"
              + " must be one that only this machine reaches.")
  private String host = "127.0.0.1";

  @Option(
      names = "--node",
      paramLabel = "NAME",
      defaultValue = "rollcall",
      description =
          "The name of this centre's node; ${DEFAULT-VALUE} where not given. Centres that share a"
              + " store need one each.")
  private String node = "rollcall";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "A folder for what must not be lost with the process, of one process at a time; where not"
              + " given one for the node and the store, in rollcall/centre of XDG_DATA_HOME or of"
              + " ~/.local/share.")
  private @Nullable Path data;

  @Option(
      names = "--no-data",
      description = "Keep nothing: what is registered ends with the process.")
  private boolean keepsNothing;

  @Option(
      names = "--dc",
      paramLabel = "NAME",
      defaultValue = "dc1",
      description = "The datacentre that it says it is; ${DEFAULT-VALUE} where not given.")
  private String datacentre = "dc1";

  @Option(
      names = "--consul-version",
      paramLabel = "VERSION",
      defaultValue = ConsulApiSettings.USUAL_VERSION,
      description =
          "The version of Consul that it says it is, for clients that ask; ${DEFAULT-VALUE} where not"
              + " given. From 1.9.0 on its answers have the headers that Consul has since then.")
  private String consulVersion = ConsulApiSettings.USUAL_VERSION;

  @Option(
      names = "--tokens",
      paramLabel = "FILE",
      description = "Who may do what: a file of tokens and roles, see docs/centre.md.")
  private @Nullable Path tokens;

  @Option(names = "--tls-cert", paramLabel = "FILE", description = "The certificates, as PEM.")
  private @Nullable Path certificate;

  @Option(names = "--tls-key", paramLabel = "FILE", description = "Their key, PKCS #8 as PEM.")
  private @Nullable Path key;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE",
      description = "Demand a client certificate that this authority has signed.")
  private @Nullable Path clientAuthority;

  @Option(
      names = "--host-name",
      paramLabel = "NAME",
      split = ",",
      description =
          "A name by which clients without a token may call the centre, besides localhost and"
              + " addresses.")
  private List<String> hostNames = List.of();

  @Option(
      names = "--allow-calls",
      paramLabel = "RANGE",
      split = ",",
      description =
          "Where checks, heartbeats and updates may be called besides the address that registered"
              + " them, such as 10.0.0.0/8. Never link-local or metadata addresses.")
  private List<String> ranges = List.of();

  @Option(
      names = "--allow-call-ports",
      paramLabel = "PORTS",
      description = "The ports that may be called, such as 80,8000-8999.")
  private @Nullable String ports;

  @Option(
      names = "--registrations-by-client",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "How many services one client may register by /services, and how many services and nodes"
              + " by Consul's API; ${DEFAULT-VALUE} where not given.")
  private int registrations = 100_000;

  @Option(
      names = "--kept-by-client",
      paramLabel = "MIB",
      description =
          "How much memory one client may fill with services, checks, keys and sessions, in MiB; an"
              + " eighth of the heap where not given. All clients together may fill twice as much.")
  private @Nullable Integer kept;

  @Option(
      names = "--under-way-by-client",
      paramLabel = "MIB",
      description =
          "How much memory one client may hold with requests, waits and streams, in MiB; an eighth of"
              + " the heap where not given. All clients together may hold twice as much.")
  private @Nullable Integer underWay;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    Optional<Tls> tls = tls();
    Limits usual = Limits.standard();
    Limits limits = new Limits(usual.requestsPerSecond(), usual.watchers(), registrations);
    AccessControl access =
        (tokens == null
                ? AccessControl.withoutTokens(limits)
                : AccessControl.of(Tokens.read(tokens), limits))
            .named(hostNames);
    access.requireSafe(address(), tls.isPresent());
    OutboundPolicy policy =
        OutboundPolicy.standard().allow(ranges.stream().map(AddressRange::parse).toList());
    if (ports != null) {
      policy = policy.allowPorts(ports);
    }
    ConsulApiSettings settings =
        new ConsulApiSettings(
            datacentre,
            node,
            BLOCKING_QUERIES_BY_CLIENT,
            // Past every index of an earlier run, however short the pause between the two was.
            Math.max(1, System.currentTimeMillis()),
            Permissions.everything(),
            data(),
            consulVersion);
    CentreBuilder builder =
        StandardCentre.builder(store(), access, policy, settings)
            .host(host)
            .port(port)
            .limits(limits());
    tls.ifPresent(builder::tls);
    if (servicesPort != null) {
      builder.alsoOn(servicesPort);
    }
    CountDownLatch stopped = new CountDownLatch(1);
    try (Centre centre = builder.start()) {
      Thread stop = new Thread(() -> stop(centre, stopped), "rollcall-serve-stop");
      Runtime.getRuntime().addShutdownHook(stop);
      PrintWriter out = spec.commandLine().getOut();
      out.println(
          "rollcall: ready at " + centre.uri() + (keepsNothing ? ", and nothing is kept" : ""));
      out.flush();
      stopped.await();
    }
    return ExitCode.OK;
  }

  private CentreLimits limits() {
    CentreLimits usual = CentreLimits.standard();
    return usual.withMemory(
        kept == null ? usual.keptBytesByClient() : (long) kept << 20,
        underWay == null ? usual.underWayBytesByClient() : (long) underWay << 20);
  }

  private String store() {
    return backend == null || backend.isBlank() ? "memory:" : backend;
  }

  private Optional<Path> data() {
    if (keepsNothing) {
      if (data != null) {
        throw RegistryException.invalid("--data, --no-data: (expected: one of them)");
      }
      return Optional.empty();
    }
    return Optional.of(data == null ? DataHome.of(node, store()) : data);
  }

  private Optional<Tls> tls() {
    if (certificate == null && key == null && clientAuthority == null) {
      return Optional.empty();
    }
    if (certificate == null || key == null) {
      throw RegistryException.invalid("--tls-cert, --tls-key: (expected: both, for TLS)");
    }
    return Optional.of(new Tls(certificate, key, Optional.ofNullable(clientAuthority)));
  }

  private InetAddress address() {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException unknown) {
      throw RegistryException.invalid(
          "--host: " + host + " (expected: an address of this machine)");
    }
  }

  private static void stop(Centre centre, CountDownLatch stopped) {
    centre.close();
    stopped.countDown();
  }
}
