package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.RegistryException;
import io.grpc.Status;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read out of failures that no server of ours can be made to give. */
@Tag("inside")
final class EtcdErrorTest {
  @ParameterizedTest
  @DisplayName("of what is exhausted, only what gRPC itself says of a message is its size")
  @CsvSource({
    "gRPC message exceeds maximum size 67108864: 68157461, true",
    "Decompressed gRPC message exceeds maximum size 67108864, true",
    "grpc: received message larger than max (5000000 vs. 4194304), true",
    "trying to send message larger than max (5000000 vs. 4194304), true",
    "rate limit exceeded, false",
    "etcdserver: too many requests, false",
    "etcdserver: mvcc: database space exceeded, false"
  })
  void tooLarge_isWhatGrpcCallsSo(String words, boolean tooLarge) {
    EtcdError refusal =
        EtcdError.of(Status.RESOURCE_EXHAUSTED.withDescription(words).asRuntimeException());
    assertThat(refusal.isTooLarge()).isEqualTo(tooLarge);
    RegistryException told = refusal.exception("snapshot at etcd://etcdserver:2379");
    assertThat(EtcdError.of(told).isTooLarge()).isEqualTo(tooLarge);
  }
}
