package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.EtcdExtension;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code kv} and {@code watch key} on etcd; on Consul they are in {@link ConsulInteropTest}. */
class KvCommandsTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  @TempDir Path folder;

  private final String store = "etcd://127.0.0.1:" + etcd.port() + "/kv-" + UUID.randomUUID();

  private Run kv(String... args) {
    String[] all = new String[args.length + 3];
    all[0] = "kv";
    System.arraycopy(args, 0, all, 1, args.length);
    all[args.length + 1] = "--backend";
    all[args.length + 2] = store;
    return Run.of(all);
  }

  @Test
  void putGetListDelete() throws Exception {
    assertThat(kv("put", "db/pool", "20").code()).isZero();
    assertThat(kv("put", "db/host", "größe").code()).isZero();
    // As a process: the bytes go past the writer, since they may be no text.
    assertThat(Program.run(folder, store, "kv", "get", "db/host").out().strip()).isEqualTo("größe");
    assertThat(kv("list", "db/", "--json").out().lines()).hasSize(2);
    assertThat(kv("delete", "db/", "--prefix").code()).isZero();
    assertThat(kv("get", "db/pool").code()).isEqualTo(3);
  }

  @Test
  void watchKey_isToldOfItsKeyAlone() throws Exception {
    try (Program watch = Program.start(folder, store, "watch", "key", "a", "--json")) {
      watch.awaitOut("\"pairs\":[]");
      assertThat(kv("put", "ab", "other").code()).isZero();
      assertThat(kv("put", "a", "1").code()).isZero();
      watch.awaitOut("\"added\":[{\"key\":\"a\",\"value\":\"1\"");
      assertThat(kv("put", "a", "2").code()).isZero();
      watch.awaitOut("\"updated\":[{\"key\":\"a\",\"value\":\"2\"");
      assertThat(kv("delete", "a").code()).isZero();
      watch.awaitOut("\"removed\":[{\"key\":\"a\"");
      assertThat(watch.out()).doesNotContain("other");
    }
  }
}
