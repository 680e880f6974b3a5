package dev.rollcall.consul;

import dev.rollcall.testkit.artifact.ArtifactContract;
import java.util.List;

class ArtifactTest extends ArtifactContract {
  ArtifactTest() {
    super(
        ConsulBackendProvider.class,
        List.of(
            "com.orbitz", "okhttp3", "okio", "retrofit2", "kotlin", "com.fasterxml", "org.apache"));
  }
}
