package dev.rollcall.testkit.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Several servers of one product that elect a leader among them.
 *
 * <p>Thread-safe; the members are. Methods that change the cluster block until their effect is
 * there and may be mixed with those of single members.
 *
 * @param <S> the kind of its members
 * @since 0.1.0
 */
public abstract sealed class TestCluster<S extends TestServer> implements AutoCloseable
    permits EtcdCluster, ConsulCluster {
  private static final Duration LEADER_TIMEOUT = Duration.ofSeconds(30);

  private final List<S> members;

  TestCluster(List<S> members) {
    this.members = List.copyOf(members);
  }

  static void requireMembers(int members) {
    if (members < 3 || members > 7 || members % 2 == 0) {
      throw new IllegalArgumentException("members: " + members + " (expected: 3, 5 or 7)");
    }
  }

  static <C extends TestCluster<?>> C started(C cluster) {
    try {
      cluster.start();
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  abstract ChildServer child(S member);

  abstract boolean leads(S member);

  /**
   * Returns the members, running or not.
   *
   * @return the members, always in the same order
   */
  public final List<S> members() {
    return members;
  }

  /**
   * Returns the addresses for clients, of all members.
   *
   * @return {@code http://127.0.0.1:port} of each member
   */
  public final List<String> endpoints() {
    return members.stream().map(TestServer::endpoint).toList();
  }

  /**
   * Waits for a leader, at most 30 s, and returns it. Only a member that answers and takes itself
   * for the leader counts, so a killed or paused leader is not returned.
   *
   * @return the leader
   * @throws ServerException if there is none in time
   */
  public final S leader() {
    return Poll.find(
            LEADER_TIMEOUT,
            () -> members.stream().filter(TestServer::isRunning).filter(this::leads).findFirst())
        .orElseThrow(
            () ->
                new ServerException(
                    "no leader after " + LEADER_TIMEOUT.toSeconds() + " s in " + this));
  }

  /**
   * Starts all members that do not run, together, and waits until each of them serves.
   *
   * @throws IllegalStateException if a member is paused or closed
   * @throws ServerException if a member does not start; the others stay as they are
   */
  public final void start() {
    List<ChildServer> spawned = new ArrayList<>();
    for (S member : members) {
      ChildServer child = child(member);
      if (child.spawn()) {
        spawned.add(child);
      }
    }
    spawned.forEach(ChildServer::awaitServing);
  }

  /** Stops all members, one after the other. */
  public final void stop() {
    members.forEach(TestServer::stop);
  }

  /** Kills all members. */
  public final void kill() {
    members.forEach(TestServer::kill);
  }

  /**
   * Deletes the data of all members.
   *
   * @throws IllegalStateException if a member is running
   */
  public final void wipe() {
    members.forEach(TestServer::wipe);
  }

  /** Closes all members. Closing again does nothing. */
  @Override
  public final void close() {
    members.forEach(TestServer::close);
  }

  @Override
  public final String toString() {
    return members.toString();
  }
}
