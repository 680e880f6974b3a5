package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import java.io.PrintWriter;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/**
 * What a watch does with each change: it prints it, or runs a command, or posts it, or both of the
 * latter. Each is a subscription of its own and blocks in its callback for as long as it takes, so
 * that the library's promise to slow listeners holds for it: one run at a time, states in between
 * are skipped with an exact difference, the latest is always given last.
 */
final class WatchOptions {
  @Option(names = "--json", description = "Print one JSON object a change.")
  private boolean json;

  @Option(
      names = "--exec",
      paramLabel = "CMD",
      description =
          "Run CMD with sh, with the change as a JSON object on its standard input: one run at a"
              + " time, the latest state last.")
  private @Nullable String exec;

  @Option(
      names = "--post",
      paramLabel = "URL",
      description =
          "POST the change as a JSON object to URL, again until it is taken: one at a time, the"
              + " latest state last.")
  private @Nullable String post;

  /** Watches until the process is ended, or nobody reads what it prints any more. */
  int follow(Watched watched, CommandLine command) throws InterruptedException {
    PrintWriter out = command.getOut();
    PrintWriter err = command.getErr();
    CountDownLatch unread = new CountDownLatch(1);
    List<Consumer<Watched.Rendered>> reactions = new ArrayList<>();
    if (exec != null) {
      reactions.add(new ExecReaction(exec, text -> say(err, text)));
    }
    if (post != null) {
      reactions.add(new PostReaction(target(post), text -> say(err, text)));
    }
    if (reactions.isEmpty()) {
      OutputReader.whenGone(unread::countDown);
      ChangeLines lines = new ChangeLines(out, command.getColorScheme());
      watched.subscribe(
          change -> {
            if (json) {
              out.println(change.json());
            } else {
              change.print(lines);
            }
            if (out.checkError()) {
              unread.countDown();
            }
          },
          trust -> {
            if (json) {
              out.println(trust(watched, trust));
            } else {
              lines.line(Screen.Mark.TRUST, watched.what(), "is " + trust);
            }
            if (out.checkError()) {
              unread.countDown();
            }
          });
    } else {
      Consumer<Trust> trust = now -> say(err, watched.what() + " is " + now);
      for (Consumer<Watched.Rendered> reaction : reactions) {
        watched.subscribe(reaction, trust);
        trust = now -> {}; // once is enough
      }
    }
    unread.await();
    return ExitCode.OK;
  }

  private static String trust(Watched watched, Trust now) {
    return Json.object(
        to -> {
          to.writeStringField("event", "freshness");
          to.writeStringField("watched", watched.what());
          Json.trust(to, now);
        });
  }

  private static URI target(String url) {
    URI uri;
    try {
      uri = URI.create(url);
    } catch (IllegalArgumentException malformed) {
      uri = URI.create("");
    }
    if (uri.getHost() == null || !List.of("http", "https").contains(uri.getScheme())) {
      throw RegistryException.invalid("--post: (expected: http(s)://host[:port]/path)");
    }
    return uri;
  }

  private static void say(PrintWriter err, String text) {
    err.println("rollcall: " + Cells.safe(text));
    err.flush();
  }
}
