package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

@ExtendWith(NoProcessLeft.class)
@Timeout(120)
class EtcdThroughProxyTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  private FaultProxy proxy;
  private Etcd client;

  @BeforeEach
  void open() {
    proxy = FaultProxy.to(etcd.server());
    client = new Etcd("http://127.0.0.1:" + proxy.port());
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  @Test
  void faults_comeAndGo() throws Exception {
    client.put("k", "v");
    proxy.cut();
    assertThatThrownBy(() -> client.get("k")).isInstanceOf(IOException.class);
    proxy.heal();
    assertThat(client.get("k")).isEqualTo("v");

    proxy.stall();
    assertThatThrownBy(() -> client.get("k")).isInstanceOf(HttpTimeoutException.class);
    proxy.heal();
    assertThat(client.get("k")).isEqualTo("v");

    proxy.delay(Duration.ofMillis(100), Duration.ofMillis(50));
    assertThat(client.get("k")).isEqualTo("v");

    proxy.slice(8, Duration.ofMillis(1));
    assertThat(client.get("k")).isEqualTo("v");

    proxy.truncateAfter(20);
    assertThatThrownBy(() -> client.get("k")).isInstanceOf(IOException.class);
    proxy.heal();
    assertThat(client.get("k")).isEqualTo("v");
  }

  @Test
  void restart_isInvisibleToTheProxy() throws Exception {
    client.put("k", "v");
    etcd.server().kill();
    assertThatThrownBy(() -> client.get("k")).isInstanceOf(IOException.class);
    etcd.server().start();
    assertThat(client.get("k")).isEqualTo("v");
  }

  @Test
  void pass_sustainsTraffic() throws Exception {
    for (int i = 0; i < 500; i++) {
      client.put("k" + i, "v" + i);
    }
    assertThat(client.get("k499")).isEqualTo("v499");
    assertThat(proxy.counts().attempted()).isLessThan(5);
  }
}
