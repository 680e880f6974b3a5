package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall completion}. */
@Command(
    name = "completion",
    description = {
      "Prints a script that completes commands and options.",
      "bash: source <(rollcall completion bash)%nzsh:  source <(rollcall completion zsh)"
    })
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  private String shell = "";

  @Override
  public Integer call() {
    if (!shell.equals("bash") && !shell.equals("zsh")) {
      throw RegistryException.invalid(
          "shell: \"" + Cells.cut(Cells.safe(shell), 40) + "\" (expected: bash or zsh)");
    }
    PrintWriter out = spec.commandLine().getOut();
    // One script for both: in zsh it loads the shell's own layer for bash's completions.
    out.print(AutoComplete.bash("rollcall", spec.root().commandLine()));
    out.flush();
    return ExitCode.OK;
  }
}
