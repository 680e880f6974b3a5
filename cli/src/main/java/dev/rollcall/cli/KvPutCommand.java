package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValueStore;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollcall kv put}. */
@Command(name = "put", description = "Writes a key.")
final class KvPutCommand implements Callable<Integer> {
  /** One byte more than a value may have, so that a longer one is refused and not cut. */
  private static final int MAX_READ = 524_288 + 1;

  @Mixin private StoreOptions store = new StoreOptions();

  @Parameters(index = "0", paramLabel = "KEY", description = "The key.")
  private String key = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "VALUE",
      description = "Its value; the bytes of standard input where not given.")
  private @Nullable String value;

  @Option(
      names = "--version-was",
      paramLabel = "N",
      description =
          "Write only if the key has version N, as \"kv get --json\" shows it; 0 if it is not"
              + " there.")
  private @Nullable Long expected;

  @Override
  public Integer call() throws IOException {
    try (KeyValueStore values = store.openKeyValues()) {
      Bytes bytes = value == null ? Bytes.of(System.in.readNBytes(MAX_READ)) : Bytes.ofText(value);
      if (expected == null) {
        Answer.of(values.put(key, bytes));
      } else if (!Answer.of(values.compareAndSet(key, expected, bytes))) {
        throw RegistryException.conflict("key " + key + ": not written, its version is another");
      }
      return ExitCode.OK;
    }
  }
}
