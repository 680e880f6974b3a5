package dev.rollcall.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Candidates;
import dev.rollcall.Filter;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Channels to real servers, by a registry in memory. */
class ChannelTest {
  private final Registry registry = Registry.open("memory:");
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Greeter> greeters = new ArrayList<>();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(1, TimeUnit.MINUTES);
  }

  @AfterEach
  void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    greeters.forEach(Greeter::close);
    registry.close();
  }

  private Greeter greeter(String name) {
    Greeter greeter = new Greeter(name);
    greeters.add(greeter);
    return greeter;
  }

  private Registration register(ServiceInstance.Builder instance) {
    return registry.register(instance.build(), Liveness.permanent()).join();
  }

  private ManagedChannelBuilder<?> builder(String target) {
    return ManagedChannelBuilder.forTarget(target).usePlaintext();
  }

  private ManagedChannel open(ManagedChannelBuilder<?> builder) {
    ManagedChannel channel = builder.build();
    channels.add(channel);
    return channel;
  }

  private ManagedChannel open() {
    return open(builder("rollcall:///orders").setNameResolverArg(RollcallGrpc.REGISTRY, registry));
  }

  private static Set<String> names(Channel channel, int calls) {
    Set<String> names = new TreeSet<>();
    for (int n = 0; n < calls; n++) {
      names.add(Greeter.call(channel));
    }
    return names;
  }

  @Test
  void weights_chooseWhomToCall() {
    Registration one = register(greeter("one").instance().weight(0));
    Registration two = register(greeter("two").instance().weight(5));
    ManagedChannel channel = open();
    await().until(() -> names(channel, 20).equals(Set.of("two")));
    assertThat(names(channel, 100)).containsExactly("two");

    one.update(one.instance().toBuilder().weight(5).build()).join();
    two.update(two.instance().toBuilder().weight(0).build()).join();
    await().until(() -> names(channel, 20).equals(Set.of("one")));
    assertThat(names(channel, 100)).containsExactly("one");
  }

  @Test
  void aView_filtersAndBalances() {
    register(greeter("one").instance().tag("canary"));
    register(greeter("two").instance());
    AtomicReference<Candidates> candidates = new AtomicReference<>();
    ManagedChannel channel =
        open(
            builder("rollcall:///orders")
                .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
                .setNameResolverArg(
                    RollcallGrpc.VIEW,
                    view ->
                        view.where(Filter.tag("canary"))
                            .balancedBy(
                                (now, before) -> {
                                  candidates.set(now);
                                  return () -> 0;
                                })));
    assertThat(names(channel, 100)).containsExactly("one");
    assertThat(candidates.get().size()).isEqualTo(1);
  }

  @Test
  void aCall_isInFlightUntilItHasEnded() throws Exception {
    Greeter one = greeter("one");
    register(one.instance());
    AtomicReference<Candidates> candidates = new AtomicReference<>();
    ManagedChannel channel =
        open(
            builder("rollcall:///orders")
                .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
                .setNameResolverArg(
                    RollcallGrpc.VIEW,
                    view ->
                        view.balancedBy(
                            (now, before) -> {
                              candidates.set(now);
                              return () -> 0;
                            })));
    assertThat(Greeter.call(channel)).isEqualTo("one");
    await().until(() -> candidates.get().inFlight(0) == 0);
    Future<String> call = Greeter.hold(channel);
    await().until(() -> !one.held.isEmpty());
    assertThat(candidates.get().inFlight(0)).isEqualTo(1);

    one.held.element().onNext("done");
    one.held.element().onCompleted();
    assertThat(call.get(1, TimeUnit.MINUTES)).isEqualTo("done");
    await().until(() -> candidates.get().inFlight(0) == 0);

    Future<String> cancelled = Greeter.hold(channel);
    await().until(() -> one.held.size() == 2);
    cancelled.cancel(true);
    await().until(() -> candidates.get().inFlight(0) == 0);

    Future<String> broken = Greeter.hold(channel);
    await().until(() -> one.held.size() == 3);
    one.kill();
    await().until(broken::isDone);
    await().until(() -> candidates.get().inFlight(0) == 0);
  }

  @Test
  void anInstanceThatIsUnavailable_isLeftAloneForAWhile() {
    Greeter one = greeter("one");
    register(one.instance());
    register(greeter("two").instance());
    List<String> candidates = new CopyOnWriteArrayList<>();
    ManagedChannel channel =
        open(
            builder("rollcall:///orders")
                .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
                .setNameResolverArg(
                    RollcallGrpc.VIEW,
                    view ->
                        view.balancedBy(
                            (now, before) -> {
                              candidates.add(now.size() + " from " + now.get(0).id());
                              return () -> 0;
                            })));
    await().until(() -> Greeter.call(channel).equals("one")); // when it is connected
    one.failing = Status.UNAVAILABLE.withDescription("busy");
    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(() -> Greeter.call(channel))
        .withMessage("UNAVAILABLE: busy");
    await().until(() -> candidates.contains("1 from two"));
  }

  @Test
  void whereThereIsNobody_callsSayWhy_andTheChannelComesBack() {
    ManagedChannel channel = open();
    assertNobody(channel, "orders");
    Greeter one = greeter("one");
    Registration registration = register(one.instance());
    assertThat(Greeter.call(channel, CallOptions.DEFAULT.withWaitForReady())).isEqualTo("one");

    registration.deregister().join();
    await().until(() -> status(channel).getCode() == Status.Code.UNAVAILABLE);
    assertNobody(channel, "no passing instance of orders");
    register(one.instance());
    await().until(() -> status(channel).isOk());
  }

  private static void assertNobody(Channel channel, String reason) {
    await().until(() -> String.valueOf(status(channel).getDescription()).contains(reason));
    assertThat(status(channel).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  private static Status status(Channel channel) {
    try {
      String unused = Greeter.call(channel);
      return Status.OK;
    } catch (StatusRuntimeException failed) {
      return failed.getStatus();
    }
  }

  @Test
  void aCall_waitsForTheFirstInstance() throws Exception {
    ManagedChannel channel = open();
    AtomicReference<String> answer = new AtomicReference<>();
    Thread caller =
        new Thread(() -> answer.set(Greeter.call(channel, CallOptions.DEFAULT.withWaitForReady())));
    caller.start();
    assertNobody(channel, "orders");
    register(greeter("one").instance());
    caller.join();
    assertThat(answer).hasValue("one");
  }

  @Test
  void aKilledServer_costsNoCall_withTheRetriesOfGrpc() {
    Greeter one = greeter("one");
    List.of(one, greeter("two"), greeter("three")).forEach(each -> register(each.instance()));
    try (Load load =
        new Load(
            open(
                builder("rollcall:///orders")
                    .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
                    .disableServiceConfigLookUp()
                    .defaultServiceConfig(Retries.OF_GREETER)))) {
      load.awaitCalls(100);
      one.kill();
      load.awaitCalls(300);
      assertThat(load.failures()).isEmpty();
    }
  }

  @Test
  void aChannelThatGrpcBalances_followsTheRegistryAsWell() {
    Registration one = register(greeter("one").instance());
    register(greeter("two").instance());
    ManagedChannel channel =
        open(
            builder("rollcall:///orders")
                .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
                .disableServiceConfigLookUp()
                .defaultLoadBalancingPolicy("round_robin"));
    await().until(() -> names(channel, 10).equals(Set.of("one", "two")));
    one.deregister().join();
    await().until(() -> names(channel, 10).equals(Set.of("two")));
    // That policy stays with the last one, whatever it is told, until the connection breaks.
    registry.deregister(greeters.get(1).instance().build().key()).join();
    greeters.get(1).kill();
    assertNobody(channel, "");
    register(greeter("three").instance());
    await().until(() -> status(channel).isOk());
    assertThat(names(channel, 10)).containsExactly("three");
  }

  @Test
  void thePolicy_isRefusedForAnotherResolver() {
    ManagedChannel channel =
        open(
            builder("dns:///127.0.0.1:" + greeter("one").server.getPort())
                .defaultLoadBalancingPolicy("rollcall"));
    assertNobody(channel, "rollcall");
  }

  @Test
  void aTarget_mayNameItsStore() {
    try (Registry other = Registry.open("memory:grpc-channel-test")) {
      other.register(greeter("one").instance().build(), Liveness.permanent()).join();
      ManagedChannel channel =
          open(builder("rollcall:///orders?registry=memory:grpc-channel-test"));
      assertThat(Greeter.call(channel)).isEqualTo("one");
      channel.enterIdle();
      assertThat(Greeter.call(channel)).isEqualTo("one");
    }
  }

  @Test
  void aChannelThatWasIdle_findsItsServersAgain() {
    register(greeter("one").instance());
    ManagedChannel channel = open();
    assertThat(Greeter.call(channel)).isEqualTo("one");
    channel.enterIdle();
    register(greeter("two").instance());
    await().until(() -> names(channel, 10).equals(Set.of("one", "two")));
  }

  @Test
  void aProviderWithARegistry_servesChannelsThatSayNothing() {
    register(greeter("one").instance());
    RollcallNameResolverProvider provider = RollcallNameResolverProvider.of(registry);
    NameResolverRegistry resolvers = NameResolverRegistry.getDefaultRegistry();
    resolvers.register(provider);
    try {
      assertThat(Greeter.call(open(builder("rollcall:///orders")))).isEqualTo("one");
      assertThat(resolvers.getDefaultScheme()).isEqualTo("dns");
    } finally {
      resolvers.deregister(provider);
    }
  }

  @Test
  void aClosedRegistry_failsCalls_andNotTheChannel() {
    Registry closed = Registry.open("memory:");
    closed.close();
    ManagedChannel channel =
        open(builder("rollcall:///orders").setNameResolverArg(RollcallGrpc.REGISTRY, closed));
    assertNobody(channel, "closed");
  }

  @Test
  void anyName_isATarget() {
    ServiceInstance odd =
        ServiceInstance.builder("bestellungen ä+%?#:@").address("127.0.0.1", 1).build();
    Greeter one = greeter("one");
    register(odd.toBuilder().address(one.instance().build().host(), one.instance().build().port()));
    String target = RollcallGrpc.target(odd.service());
    assertThat(target).isEqualTo("rollcall:///bestellungen%20%C3%A4%2B%25%3F%23%3A%40");
    ManagedChannel channel =
        open(builder(target).setNameResolverArg(RollcallGrpc.REGISTRY, registry));
    assertThat(Greeter.call(channel)).isEqualTo("one");
    assertThatExceptionOfType(RegistryException.class)
        .isThrownBy(() -> RollcallGrpc.target("a/b"))
        .withMessageContaining("service");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rollcall:///|service",
        "rollcall:///a/b|service",
        "rollcall:///a%2Fb|service",
        "rollcall:///..|service",
        "rollcall:///a%00|service",
        "rollcall://orders|rollcall:///SERVICE",
        "rollcall://orders/|rollcall:///SERVICE",
        "rollcall:orders|rollcall:///SERVICE",
        "rollcall:///orders#a|rollcall:///SERVICE",
        "rollcall:///orders?|options",
        "rollcall:///orders?balancer=weighted|options",
        "rollcall:///orders?registry=memory:&x=y|options",
        "rollcall:///orders?registry=|uri",
        "rollcall:///orders?registry=nowhere:|nowhere",
        "rollcall:///orders?registry=consul://127.0.0.1:8500?token=hush|token-file",
        "rollcall:///orders?registry=etcd%3A%2F%2F127.0.0.1%3Fuser%3Da%26password%3Dhush|token-file",
        "rollcall:///orders|RollcallGrpc.REGISTRY"
      })
  void aBadTarget_isRefusedWhenTheChannelIsBuilt(String target, String reason) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> open(builder(target)))
        .withMessageStartingWith("target: ")
        .withMessageContaining(reason)
        .satisfies(refused -> assertThat(refused.getMessage()).doesNotContain("hush"));
  }
}
