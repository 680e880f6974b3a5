package dev.rollcall.testkit.server;

import java.util.Optional;

/** What runs containers, where there is such a thing. */
interface ContainerEngine {
  /** Returns in a few words why nothing can be run; empty where it can. */
  Optional<String> unavailable();

  /**
   * Starts a container.
   *
   * @throws ServerException if it cannot be started
   */
  ServerProcess start(ContainerDefinition definition);

  /** Returns Docker, or what says that the library is missing through which it is reached. */
  static ContainerEngine ofClassPath() {
    try {
      Class.forName(
          "org.testcontainers.DockerClientFactory", false, ContainerEngine.class.getClassLoader());
    } catch (ClassNotFoundException absent) {
      return new None("Testcontainers, which would run it in Docker, is not on the class path");
    }
    return new DockerEngine();
  }

  /** An engine that is not there. */
  record None(String reason) implements ContainerEngine {
    @Override
    public Optional<String> unavailable() {
      return Optional.of(reason);
    }

    @Override
    public ServerProcess start(ContainerDefinition definition) {
      throw new ServerException(definition.image() + ": " + reason);
    }
  }
}
