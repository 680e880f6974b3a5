package dev.rollcall.testkit.server;

import java.util.List;

/**
 * Several etcd servers in one cluster; election timeout 500 ms.
 *
 * <p>A member whose data alone was wiped cannot come back: etcd wants it removed and added. Wipe
 * the cluster as a whole.
 *
 * @since 0.1.0
 */
public final class EtcdCluster extends TestCluster<EtcdServer> {
  EtcdCluster(List<EtcdServer> members) {
    super(members);
  }

  /**
   * Starts a cluster of three. Blocks until each member serves. For other sizes and options, see
   * {@link EtcdServerBuilder#launchCluster(int)}.
   *
   * @param versionLine major and minor version, such as {@code "3.5"}
   * @return a running cluster
   * @throws IllegalArgumentException if the version line is not of that form
   * @throws ServerNotFoundException if there is no such executable
   * @throws ServerException if a member does not start
   */
  public static EtcdCluster launch(String versionLine) {
    return EtcdServer.builder(versionLine).launchCluster(3);
  }

  @Override
  ChildServer child(EtcdServer member) {
    return member;
  }

  @Override
  boolean leads(EtcdServer member) {
    return member.leads();
  }
}
