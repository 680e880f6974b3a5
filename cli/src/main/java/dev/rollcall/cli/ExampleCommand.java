package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.examples.Hello;
import dev.rollcall.examples.LogClient;
import dev.rollcall.examples.LogService;
import dev.rollcall.examples.WebService;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/** {@code rollcall example}. */
@Command(
    name = "example",
    description = {
      "Runs an example program of the folder \"examples\":",
      "  hello STORE                  is there, and says who else is",
      "  web STORE NAME PORT          says hello, and finds services",
      "  log-service STORE PORT FILE  appends to FILE what is sent to it",
      "  log-client STORE             sends standard input to a log service"
    })
final class ExampleCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "EXAMPLE",
      description = "hello, web, log-service or log-client.")
  private String name = "";

  @Parameters(index = "1..*", paramLabel = "ARGUMENT", description = "The example's arguments.")
  private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    String[] args = arguments.toArray(String[]::new);
    switch (name) {
      case "hello" -> {
        Hello.main(args);
        return ExitCode.OK;
      }
      case "web" -> WebService.main(args);
      case "log-service" -> LogService.main(args);
      case "log-client" -> {
        LogClient.main(args);
        return ExitCode.OK;
      }
      default ->
          throw RegistryException.invalid(
              "example: \""
                  + Cells.cut(Cells.safe(name), 40)
                  + "\" (expected: hello, web, log-service or log-client)");
    }
    Thread.currentThread().join(); // the services run on threads of their own, until a signal ends
    return ExitCode.OK;
  }
}
