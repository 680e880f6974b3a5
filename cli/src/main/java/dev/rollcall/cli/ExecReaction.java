package dev.rollcall.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a command for each change, and waits for it. Ended with this process. {@code running} and
 * {@code ending} are guarded by {@code this}.
 */
final class ExecReaction implements Consumer<Watched.Rendered> {
  private final String command;
  private final Consumer<String> say;
  private @Nullable Process running;
  private boolean ending;

  ExecReaction(String command, Consumer<String> say) {
    this.command = command;
    this.say = say;
    Runtime.getRuntime().addShutdownHook(new Thread(this::end, "rollcall-exec-end"));
  }

  @Override
  public void accept(Watched.Rendered change) {
    try {
      Process process = start();
      if (process == null) {
        return;
      }
      try (OutputStream in = process.getOutputStream()) {
        in.write((change.json() + "\n").getBytes(StandardCharsets.UTF_8));
      } catch (IOException unread) {
        // A command need not read what it is told.
      }
      int code = process.waitFor();
      if (code != 0) {
        say.accept("--exec: the command has ended with exit code " + code);
      }
    } catch (IOException failed) {
      say.accept("--exec: " + Sentence.of(failed));
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable Process start() throws IOException {
    running =
        ending
            ? null
            : new ProcessBuilder("/bin/sh", "-c", command)
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT)
                .start();
    return running;
  }

  private synchronized void end() {
    ending = true;
    if (running != null) {
      running.descendants().forEach(ProcessHandle::destroy);
      running.destroy();
    }
  }
}
