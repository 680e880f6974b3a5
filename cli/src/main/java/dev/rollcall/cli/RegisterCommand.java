package dev.rollcall.cli;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.SystemTimer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall register}. */
@Command(
    name = "register",
    description = {
      "Registers an instance, for as long as a program runs that stands behind \"--\"; without one,"
          + " until SIGINT (Ctrl-C) or SIGTERM.",
      "Either signal first deregisters, and is then passed on to the program; a second one ends it"
          + " at once."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0-255:with a program, the program's; 126 or 127 where it cannot be started",
      "1:the store has not taken the instance, or another owner has taken it over",
      "2:the command line is wrong",
      "128+n:ended by signal n: 130 after SIGINT, 143 after SIGTERM"
    })
final class RegisterCommand implements Callable<Integer> {
  @Mixin private StoreOptions store = new StoreOptions();
  @Mixin private InstanceOptions fields = new InstanceOptions();
  @Mixin private LivenessOptions alive = new LivenessOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "NAME", description = "The service's name.")
  private String name = "";

  @Parameters(
      index = "1..*",
      paramLabel = "-- CMD",
      description = "A program and its arguments, behind \"--\".")
  private List<String> command = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    if (!command.isEmpty() && !spec.commandLine().getParseResult().originalArgs().contains("--")) {
      throw RegistryException.invalid(
          "unexpected argument \""
              + command.get(0)
              + "\" (expected: options, then \"--\" and the program to run)");
    }
    String uri = store.uri();
    ServiceInstance instance = fields.instance(name, store.parsed());
    Liveness liveness = alive.liveness();
    if (liveness instanceof Liveness.Permanent) {
      if (!command.isEmpty()) {
        throw RegistryException.invalid(
            "--permanent: given together with a program (expected: one of them)");
      }
      registerForGood(uri, instance);
      return ExitCode.OK;
    }
    int code = command.isEmpty() ? ExitCode.OK : ChildProgram.codeOfStart(command);
    if (code != ExitCode.OK) { // before an instance is registered that will never serve
      say(
          command.get(0)
              + (code == ChildProgram.NOT_FOUND ? ": no such program" : ": cannot be run"));
      return code;
    }
    return stay(instance, liveness);
  }

  /** Below {@link Registry}, which deregisters what it has registered when it is closed. */
  private void registerForGood(String uri, ServiceInstance instance) {
    Timer timer = SystemTimer.named("rollcall-register");
    try (timer;
        RegistryBackend backend = BackendProviders.open(uri, timer)) {
      Answer.of(
          backend
              .register(
                  new RegisterRequest(
                      instance,
                      Liveness.permanent(),
                      new Owner(UUID.randomUUID().toString(), 1),
                      RegisterRequest.Claim.TAKE_OVER),
                  end -> {})
              .toCompletableFuture());
      say("registered " + instance + ", until it is deregistered");
    }
  }

  private int stay(ServiceInstance instance, Liveness liveness) throws IOException {
    Stay stay = new Stay(store.open(), this::say);
    Signals.handle(stay::signalled);
    try {
      return stay.register(instance, liveness, command);
    } finally {
      stay.leave();
    }
  }

  private void say(String text) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("rollcall: " + Cells.safe(text));
    err.flush();
  }
}
