package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.spi.Owner;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ValuesTest {

  @Test
  void instanceKey_isOrderedByServiceThenId() {
    TreeSet<InstanceKey> keys = new TreeSet<>();
    keys.add(new InstanceKey("b", "1"));
    keys.add(new InstanceKey("a", "2"));
    keys.add(new InstanceKey("a", "1"));
    assertThat(keys.toString()).isEqualTo("[a/1, a/2, b/1]");
  }

  @Test
  void instanceKey_withBadName_isRefused() {
    assertThatThrownBy(() -> new InstanceKey("a/b", "1"))
        .hasMessage("service: \"a/b\" (expected: no '/', and not '.' or '..')");
    assertThatThrownBy(() -> new InstanceKey("a", ".."))
        .hasMessage("id: \"..\" (expected: no '/', and not '.' or '..')");
    assertThatThrownBy(() -> new InstanceKey("a", null)).hasMessage("id: null (expected: a value)");
  }

  @Test
  void hostPort_showsIpv6InBrackets() {
    assertThat(new HostPort("h", 1)).hasToString("h:1");
    assertThat(new HostPort("::1", 65_535)).hasToString("[::1]:65535");
  }

  @Test
  void hostPort_withBadPart_isRefused() {
    assertThatThrownBy(() -> new HostPort("h", 0)).hasMessage("port: 0 (expected: 1-65535)");
    assertThatThrownBy(() -> new HostPort("h h", 1))
        .hasMessage("host: \"h h\" (expected: an IP address or a host name)");
    assertThatThrownBy(() -> new HostPort(null, 1)).hasMessage("host: null (expected: a value)");
  }

  @Test
  void health_worse_isTheMoreSevere() {
    for (Health one : Health.values()) {
      for (Health other : Health.values()) {
        Health expected = one.compareTo(other) > 0 ? one : other;
        assertThat(one.worse(other)).isEqualTo(expected);
      }
    }
    assertThat(List.of(Health.values()))
        .containsExactly(Health.PASSING, Health.WARNING, Health.CRITICAL);
  }

  @Test
  void registryException_keepsKindMessageAndCause() {
    Throwable cause = new IllegalStateException("why");
    assertThat(RegistryException.unavailable("m", cause))
        .hasMessage("m")
        .hasCause(cause)
        .returns(RegistryException.Kind.UNAVAILABLE, RegistryException::kind);
    assertThat(RegistryException.denied("m", null).kind()).isEqualTo(RegistryException.Kind.DENIED);
    assertThat(RegistryException.invalid("m").kind()).isEqualTo(RegistryException.Kind.INVALID);
    assertThat(RegistryException.conflict("m").kind()).isEqualTo(RegistryException.Kind.CONFLICT);
  }

  @Test
  void owner_any_namesEverybody() {
    assertThat(Owner.ANY.names("x")).isTrue();
    assertThat(new Owner("x", 3).names("x")).isTrue();
    assertThat(new Owner("x", 3).names("y")).isFalse();
  }
}
