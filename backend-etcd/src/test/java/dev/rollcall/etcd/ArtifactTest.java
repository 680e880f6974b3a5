package dev.rollcall.etcd;

import dev.rollcall.testkit.artifact.ArtifactContract;
import java.util.List;

class ArtifactTest extends ArtifactContract {
  ArtifactTest() {
    super(
        EtcdBackendProvider.class,
        List.of(
            "io.etcd",
            "io.grpc",
            "io.vertx",
            "io.netty",
            "io.perfmark",
            "com.google.protobuf",
            "com.google.rpc",
            "dev.failsafe",
            "com.fasterxml"));
  }
}
