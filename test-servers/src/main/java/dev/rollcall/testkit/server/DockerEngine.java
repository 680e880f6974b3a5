package dev.rollcall.testkit.server;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.startupcheck.StartupCheckStrategy;
import org.testcontainers.utility.DockerImageName;

/**
 * Docker through Testcontainers, which removes what a JVM leaves behind. The only class that knows
 * Testcontainers, which need not be on the class path; where it is not, this class is not loaded.
 */
final class DockerEngine implements ContainerEngine {
  private static final int STOP_SECONDS = 10;

  @Override
  public Optional<String> unavailable() {
    return DockerClientFactory.instance().isDockerAvailable()
        ? Optional.empty()
        : Optional.of("no Docker engine runs");
  }

  @Override
  public ServerProcess start(ContainerDefinition definition) {
    GenericContainer<?> container = container(definition);
    try {
      container.start();
    } catch (RuntimeException failed) {
      container.stop();
      throw new ServerException(
          definition.image() + " could not be started in Docker: " + failed.getMessage(), failed);
    }
    return new Running(definition.image(), container);
  }

  /** Returns a container as defined, which is not started. */
  static GenericContainer<?> container(ContainerDefinition definition) {
    String folder = definition.folder().toString();
    GenericContainer<?> container =
        new GenericContainer<>(DockerImageName.parse(definition.image()))
            .withNetworkMode("host")
            .withWorkingDirectory(folder)
            .withFileSystemBind(folder, folder, BindMode.READ_WRITE)
            .withCommand(
                definition.command().subList(1, definition.command().size()).toArray(String[]::new))
            // As the user that runs the tests, who could not delete what root has written.
            .withCreateContainerCmdModifier(
                create ->
                    create
                        .withUser(owner(definition.folder()))
                        .withEntrypoint(definition.command().get(0)))
            // Whether it serves, or has ended, is for the server to find out, as of a process.
            .withStartupCheckStrategy(new Created())
            .withLogConsumer(frame -> append(frame, definition));
    for (Path file : definition.files()) {
      container =
          container.withFileSystemBind(file.toString(), file.toString(), BindMode.READ_ONLY);
    }
    return container;
  }

  private static String owner(Path folder) {
    try {
      return Files.getAttribute(folder, "unix:uid") + ":" + Files.getAttribute(folder, "unix:gid");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void append(OutputFrame frame, ContainerDefinition definition) {
    byte[] bytes = frame.getBytes();
    if (bytes != null && Files.isDirectory(definition.folder())) {
      try {
        Files.write(definition.log(), bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Is content once the container exists. */
  private static final class Created extends StartupCheckStrategy {
    @Override
    public StartupStatus checkStartupState(DockerClient client, String containerId) {
      return StartupStatus.SUCCESSFUL;
    }
  }

  /** A container that was started. */
  private static final class Running implements ServerProcess {
    private final String image;
    private final GenericContainer<?> container;
    private final DockerClient client;
    private final String id;

    Running(String image, GenericContainer<?> container) {
      this.image = image;
      this.container = container;
      this.client = container.getDockerClient();
      this.id = container.getContainerId();
    }

    private Optional<ContainerState> state() {
      try {
        return Optional.of(client.inspectContainerCmd(id).exec().getState());
      } catch (NotFoundException removed) {
        return Optional.empty();
      }
    }

    @Override
    public boolean isAlive() {
      return state().map(state -> Boolean.TRUE.equals(state.getRunning())).orElse(false);
    }

    @Override
    public long pid() {
      return state().map(ContainerState::getPidLong).orElse(0L);
    }

    @Override
    public int exitCode() {
      return state().map(ContainerState::getExitCodeLong).map(Long::intValue).orElse(-1);
    }

    @Override
    public void terminate() {
      client.stopContainerCmd(id).withTimeout(STOP_SECONDS).exec();
      kill();
    }

    @Override
    public void kill() {
      container.stop(); // kills and removes; what it wrote lies in the folder
    }

    @Override
    public void suspend() {
      command("pause", () -> client.pauseContainerCmd(id).exec());
    }

    @Override
    public void resume() {
      command("unpause", () -> client.unpauseContainerCmd(id).exec());
    }

    private void command(String what, Runnable command) {
      try {
        command.run();
      } catch (DockerException failed) {
        throw new ServerException(
            what + " of " + image + " failed: " + failed.getMessage(), failed);
      }
    }
  }
}
