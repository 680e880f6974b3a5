package dev.rollcall.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine.Help.Ansi;

/** A command that was run within this JVM. */
record Run(int code, String out, String err) {

  static Run of(String... args) {
    return of(Ansi.OFF, args);
  }

  static Run of(Ansi ansi, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Rollcall.run(new PrintWriter(out, true), new PrintWriter(err, true), ansi, args);
    return new Run(code, out.toString(), err.toString());
  }
}
