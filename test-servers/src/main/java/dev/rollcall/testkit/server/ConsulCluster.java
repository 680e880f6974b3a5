package dev.rollcall.testkit.server;

import java.util.List;

/**
 * Several Consul servers in one datacentre, all with a data folder and {@code raft_multiplier} 1.
 *
 * @since 0.1.0
 */
public final class ConsulCluster extends TestCluster<ConsulServer> {
  ConsulCluster(List<ConsulServer> members) {
    super(members);
  }

  /**
   * Starts a cluster of three, with any version of Consul. Blocks until each member serves. For
   * other sizes and options, see {@link ConsulServerBuilder#launchCluster(int)}.
   *
   * @return a running cluster
   * @throws ServerNotFoundException if there is no executable
   * @throws ServerException if a member does not start
   */
  public static ConsulCluster launch() {
    return ConsulServer.builder().launchCluster(3);
  }

  @Override
  ChildServer child(ConsulServer member) {
    return member;
  }

  @Override
  boolean leads(ConsulServer member) {
    return member.leads();
  }
}
