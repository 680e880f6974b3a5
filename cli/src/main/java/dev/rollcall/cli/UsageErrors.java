package dev.rollcall.cli;

import dev.rollcall.spi.Nearest;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what is wrong with a command line and, for a wrong word, which one was probably meant. */
final class UsageErrors implements IParameterExceptionHandler {

  @Override
  public int handleParseException(ParameterException wrong, String[] args) {
    CommandLine command = wrong.getCommandLine();
    PrintWriter err = command.getErr();
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      err.println(error(command, unknown(command, unmatched.getUnmatched().get(0))));
      err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
    } else {
      err.println(error(command, Sentence.of(wrong)));
      command.usage(err);
    }
    return ExitCode.USAGE;
  }

  private static String unknown(CommandLine command, String word) {
    boolean option = word.startsWith("-");
    List<String> known = new ArrayList<>();
    if (option) {
      for (OptionSpec spec : command.getCommandSpec().options()) {
        known.add(spec.longestName());
      }
    } else {
      known.addAll(command.getSubcommands().keySet());
    }
    String kind = option ? "option" : "command";
    if (known.isEmpty() && !command.getCommandSpec().positionalParameters().isEmpty()) {
      return "unexpected argument \"" + word + "\"";
    }
    if (known.isEmpty()) {
      return "unexpected argument \"" + word + "\": " + command.getCommandName() + " takes none";
    }
    return "unknown "
        + kind
        + " \""
        + word
        + "\""
        + Nearest.to(word, known).map(near -> "; did you mean \"" + near + "\"?").orElse(";")
        + " "
        + kind
        + "s: "
        + String.join(", ", known);
  }

  private static Object error(CommandLine command, String message) {
    return command.getColorScheme().errorText("rollcall: " + message);
  }
}
