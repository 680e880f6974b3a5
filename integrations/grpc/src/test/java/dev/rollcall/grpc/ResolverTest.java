package dev.rollcall.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.ProxyDetector;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a channel is told, where it is not visible in calls. */
class ResolverTest {
  private final Registry registry = Registry.open("memory:");
  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final List<EquivalentAddressGroup> groups = new CopyOnWriteArrayList<>();
  private final List<Throwable> thrown = new CopyOnWriteArrayList<>();
  private final SynchronizationContext context =
      new SynchronizationContext((thread, failed) -> thrown.add(failed));

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(1, TimeUnit.MINUTES);
  }

  @AfterEach
  void close() {
    executor.shutdown();
    registry.close();
    assertThat(thrown).isEmpty();
  }

  private NameResolver resolver(Registry from) {
    NameResolver.Args args =
        NameResolver.Args.newBuilder()
            .setDefaultPort(80)
            .setProxyDetector((ProxyDetector) address -> null)
            .setSynchronizationContext(context)
            .setServiceConfigParser(
                new NameResolver.ServiceConfigParser() {
                  @Override
                  public NameResolver.ConfigOrError parseServiceConfig(Map<String, ?> raw) {
                    return NameResolver.ConfigOrError.fromConfig(raw);
                  }
                })
            .setOffloadExecutor(executor)
            .setArg(RollcallGrpc.REGISTRY, from)
            .build();
    return new RollcallNameResolverProvider()
        .newNameResolver(URI.create("rollcall:///orders"), args);
  }

  private void start(NameResolver resolver) {
    start(resolver, told);
  }

  private void start(NameResolver resolver, List<String> to) {
    registry.service("orders").await(Duration.ofMinutes(1)); // so that each question finds a state
    context.execute(() -> resolver.start(new Recorded(to)));
  }

  /** What others have put into the context before has run when this returns. */
  private void inContext(Runnable task) {
    AtomicBoolean done = new AtomicBoolean();
    context.execute(task);
    context.execute(() -> done.set(true));
    await().until(done::get);
  }

  private final class Recorded extends NameResolver.Listener2 {
    private final List<String> to;

    Recorded(List<String> to) {
      this.to = to;
    }

    @Override
    public void onResult(NameResolver.ResolutionResult result) {
      groups.clear();
      groups.addAll(result.getAddressesOrError().getValue());
      to.add(
          groups.stream()
              .map(group -> group.getAttributes().get(RollcallGrpc.INSTANCE).id())
              .toList()
              .toString());
      assertThat(result.getServiceConfig().getConfig())
          .isEqualTo(Map.of("loadBalancingConfig", List.of(Map.of("rollcall", Map.of()))));
    }

    @Override
    public void onError(Status error) {
      to.add(error.getCode() + " " + error.getDescription());
    }
  }

  private String last() {
    return told.isEmpty() ? "" : told.get(told.size() - 1);
  }

  private Registration register(String id) {
    return registry
        .register(
            ServiceInstance.builder("orders")
                .id(id)
                .address("127.0.0.1", 8080)
                .zone("eu-1a")
                .weight(7)
                .build(),
            Liveness.permanent())
        .join();
  }

  @Test
  void addresses_haveWeightAndZone() {
    Registration one = register("one");
    NameResolver resolver = resolver(registry);
    assertThat(resolver.getServiceAuthority()).isEqualTo("orders");
    start(resolver);
    await().until(() -> last().equals("[one]"));
    EquivalentAddressGroup group = groups.get(0);
    assertThat(group.getAddresses())
        .containsExactly(new InetSocketAddress(InetAddress.getLoopbackAddress(), 8080));
    assertThat(group.getAttributes().get(RollcallGrpc.WEIGHT)).isEqualTo(7);
    assertThat(group.getAttributes().get(RollcallGrpc.ZONE)).isEqualTo("eu-1a");
    assertThat(group.getAttributes().get(RollcallGrpc.INSTANCE)).isEqualTo(one.instance());
    context.execute(resolver::shutdown);
  }

  @Test
  void nobody_isAnEmptyListAndThenTheReason() {
    Registration one = register("one");
    NameResolver resolver = resolver(registry);
    start(resolver);
    await().until(() -> last().equals("[one]"));
    one.deregister().join();
    await().until(() -> last().startsWith("UNAVAILABLE no passing instance of orders"));
    List<String> all = List.copyOf(told);
    assertThat(all.get(all.size() - 2)).isEqualTo("[]");
    context.execute(resolver::shutdown);
  }

  @Test
  void afterTheShutdown_nothingIsTold() {
    register("one");
    NameResolver resolver = resolver(registry);
    start(resolver);
    await().until(() -> last().equals("[one]"));
    inContext(resolver::shutdown);
    // A second one shows when the change has arrived.
    NameResolver second = resolver(registry);
    List<String> before = List.copyOf(told);
    register("two");
    assertThat(registry.snapshot("orders").join().instances()).hasSize(2);
    inContext(resolver::refresh);
    List<String> toldTheSecond = new CopyOnWriteArrayList<>();
    start(second, toldTheSecond);
    await().until(() -> toldTheSecond.contains("[one, two]"));
    assertThat(told).isEqualTo(before);
    context.execute(second::shutdown);
  }

  /** A registry whose fresh reads are what a test makes of them. */
  private Registry reading(UnaryOperator<CompletableFuture<Snapshot>> answer) {
    return (Registry)
        Proxy.newProxyInstance(
            Registry.class.getClassLoader(),
            new Class<?>[] {Registry.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(registry, arguments);
                return method.getName().equals("snapshot")
                    ? answer.apply(registry.snapshot("orders"))
                    : result;
              } catch (InvocationTargetException failed) {
                throw failed.getCause();
              }
            });
  }

  @Test
  void refresh_leavesOutWhatTheStoreHoldsNoMore() throws Exception {
    register("one");
    Registration two = register("two");
    Snapshot both = registry.snapshot("orders").join();
    two.deregister().join();
    Snapshot one = registry.snapshot("orders").join();
    register("two");
    List<CompletableFuture<Snapshot>> answers = new CopyOnWriteArrayList<>();
    NameResolver resolver =
        resolver(
            reading(
                truth -> {
                  CompletableFuture<Snapshot> answer = new CompletableFuture<>();
                  answers.add(answer);
                  return answer;
                }));
    start(resolver);
    await().until(() -> last().equals("[one, two]"));
    await().until(() -> answers.size() == 1);
    context.execute(resolver::refresh); // one question at a time
    assertThat(answers).hasSize(1);

    answers.get(0).complete(one); // the watch is behind
    await().until(() -> last().equals("[one]"));

    await().until(() -> asks(resolver, answers, 2));
    answers.get(1).complete(both);
    await().until(() -> last().equals("[one, two]"));

    await().until(() -> asks(resolver, answers, 3));
    register("three");
    await().until(() -> last().equals("[one, three, two]"));
    answers.get(2).complete(one); // older than what the watch has shown since
    await().until(() -> asks(resolver, answers, 4));
    assertThat(last()).isEqualTo("[one, three, two]");
    context.execute(resolver::shutdown);
  }

  private boolean asks(
      NameResolver resolver, List<CompletableFuture<Snapshot>> answers, int questions) {
    context.execute(resolver::refresh);
    return answers.size() == questions;
  }

  @Test
  void aFailedQuestion_changesNothingThatIsKnown() {
    register("one");
    NameResolver resolver =
        resolver(
            reading(
                truth ->
                    CompletableFuture.failedFuture(
                        RegistryException.unavailable("the store is away", null))));
    start(resolver);
    await().until(() -> told.size() >= 2);
    assertThat(told).containsOnly("[one]");
    context.execute(resolver::shutdown);
  }
}
