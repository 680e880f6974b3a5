package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.HashSet;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoProcessLeft.class)
@Timeout(120)
@Tag("long")
class ClusterTest {
  @ParameterizedTest
  @ValueSource(strings = {"3.4", "3.5"})
  void etcd_electsAnotherLeader_andTakesTheOldOneBack(String line) throws Exception {
    try (EtcdCluster cluster = EtcdCluster.launch(line)) {
      assertThat(new HashSet<>(cluster.endpoints())).hasSize(3);
      for (EtcdServer member : cluster.members()) {
        new Etcd(member.endpoint()).put("from-" + member.port(), "v");
      }
      EtcdServer leader = cluster.leader();

      leader.kill();
      EtcdServer next = cluster.leader();
      assertThat(next).isNotSameAs(leader);
      assertThat(new Etcd(next.endpoint()).put("k", "after")).contains("revision");

      leader.start();
      assertThat(new Etcd(leader.endpoint()).get("k")).isEqualTo("after");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.4", "3.5"})
  void etcd_pausedLeaderIsReplaced(String line) throws Exception {
    try (EtcdCluster cluster = EtcdCluster.launch(line)) {
      EtcdServer leader = cluster.leader();
      leader.pause();
      EtcdServer next = cluster.leader();
      assertThat(next).isNotSameAs(leader);
      leader.resume();
      Etcd resumed = new Etcd(leader.endpoint());
      new Etcd(next.endpoint()).put("k", "v");
      await().ignoreExceptions().untilAsserted(() -> assertThat(resumed.get("k")).isEqualTo("v"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.4", "3.5"})
  void etcd_allKilled_keepsData_allWiped_losesIt(String line) throws Exception {
    try (EtcdCluster cluster = EtcdCluster.launch(line)) {
      Etcd etcd = new Etcd(cluster.endpoints().get(0));
      etcd.put("k", "v");

      cluster.kill();
      cluster.start();
      assertThat(etcd.get("k")).isEqualTo("v");

      cluster.stop();
      cluster.wipe();
      cluster.start();
      assertThat(etcd.get("k")).isEmpty();
    }
  }

  @Test
  void consul_electsAnotherLeader_andTakesTheOldOneBack() {
    try (ConsulCluster cluster = ConsulCluster.launch()) {
      ConsulServer leader = cluster.leader();
      Consul.put(leader, "k", "before");

      leader.kill();
      ConsulServer next = cluster.leader();
      assertThat(next).isNotSameAs(leader);
      Consul.put(next, "k", "after");

      leader.start();
      assertThat(Consul.get(leader, "k")).contains("after");
    }
  }

  @Test
  void consul_allKilled_keepsData_allWiped_losesIt() {
    try (ConsulCluster cluster = ConsulCluster.launch()) {
      ConsulServer member = cluster.members().get(2);
      Consul.put(member, "k", "v");

      cluster.kill();
      cluster.start();
      assertThat(Consul.get(member, "k")).contains("v");

      cluster.kill();
      cluster.wipe();
      cluster.start();
      assertThat(Consul.get(member, "k")).isEmpty();
    }
  }

  @Test
  void consul_tokensWorkInAClusterToo() {
    String token = "11111111-2222-3333-4444-555555555555";
    try (ConsulCluster cluster = ConsulServer.builder().accessControl(token).launchCluster(3)) {
      ConsulServer leader = cluster.leader();
      assertThat(Http.get(leader.endpoint() + "/v1/catalog/services", Map.of()))
          .hasValueSatisfying(reply -> assertThat(reply.body().strip()).isEqualTo("{}"));
    }
  }
}
