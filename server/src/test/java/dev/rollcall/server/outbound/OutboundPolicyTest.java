package dev.rollcall.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.rollcall.RegistryException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutboundPolicyTest {
  private final InetAddress stranger = InetAddresses.forString("203.0.113.7");
  private final OutboundPolicy standard = OutboundPolicy.standard();
  private final OutboundPolicy everything =
      standard.allow(List.of(AddressRange.parse("0.0.0.0/0"), AddressRange.parse("::/0")));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "fe80::1",
        "febf::1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "ff02::1",
        "::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "2001:0:1::1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1"
      })
  void permits_neverCalled_whateverIsAllowedAndWhoeverAsks(String address) {
    InetAddress never = InetAddresses.forString(address);

    assertThat(everything.permits(never, stranger)).isFalse();
    assertThat(everything.permits(never, never)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.0.0.1", "203.0.113.8"})
  void permits_addressOfSomebodyElse_onlyWhereAllowed(String address) {
    InetAddress other = InetAddresses.forString(address);

    assertThat(standard.permits(other, stranger)).isFalse();
    assertThat(everything.permits(other, stranger)).isTrue();
  }

  @Test
  void permits_theAddressThatRegisters() {
    assertThat(standard.permits(stranger, stranger)).isTrue();
    InetAddress six = InetAddresses.forString("2001:db8::1");
    assertThat(standard.permits(six, six)).isTrue();
  }

  @Test
  void permits_fromThisMachine_anyAddressOfThisMachine() {
    InetAddress here = InetAddresses.forString("127.0.0.1");

    assertThat(standard.permits(InetAddresses.forString("::1"), here)).isTrue();
    assertThat(standard.permits(InetAddresses.forString("127.0.0.2"), here)).isTrue();
    assertThat(standard.permits(InetAddresses.forString("203.0.113.7"), here)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 22, 25, 79, 81, 443 - 1, 1023, 2375, 2379, 5060, 6000, 6379, 6667, 11211})
  void permitsPort_odd_refused(int port) {
    assertThat(standard.permitsPort(port)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 443, 1024, 3000, 4000, 5432, 8080, 65_535})
  void permitsPort_usual(int port) {
    assertThat(standard.permitsPort(port)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {22, 25, 53, 6379, 11211})
  void permitsPort_atOnesOwnAddress_anyToConnectTo(int port) {
    InetAddress here = InetAddresses.forString("127.0.0.1");

    assertThat(standard.permitsPort(port, false, stranger, stranger)).isTrue();
    assertThat(standard.permitsPort(port, false, InetAddresses.forString("::1"), here)).isTrue();
    assertThat(standard.permitsPort(port, false, stranger, here)).isFalse();
    assertThat(standard.permitsPort(port, false, here, stranger)).isFalse();
    assertThat(standard.permitsPort(port, true, stranger, stranger)).isFalse();
    assertThat(standard.permitsPortSomewhere(port, false)).isTrue();
    assertThat(standard.permitsPortSomewhere(port, true)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {81, 444, 1023})
  void permitsPort_atOnesOwnAddress_forARequest_butWhereItCouldTrick(int port) {
    assertThat(standard.permitsPort(port, true, stranger, stranger)).isTrue();
    assertThat(standard.permitsPort(port, true, InetAddresses.forString("10.0.0.1"), stranger))
        .isFalse();
  }

  @Test
  void permitsPort_listOfTheOperator_holdsAtOnesOwnAddressToo() {
    OutboundPolicy listed = standard.allowPorts("8000");

    assertThat(listed.permitsPort(6379, false, stranger, stranger)).isFalse();
    assertThat(listed.permitsPortSomewhere(6379, false)).isFalse();
    assertThat(listed.permitsPort(8000, true, stranger, stranger)).isTrue();
  }

  @Test
  void allowPorts_listOfTheOperator_allowsTheseAlone() {
    OutboundPolicy listed = standard.allowPorts("22,6379,8000-8999");

    assertThat(List.of(22, 6379, 8000, 8999)).allMatch(listed::permitsPort);
    assertThat(List.of(80, 443, 7999, 9000)).noneMatch(listed::permitsPort);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "65536", "9-8", "-", "80,", "80-", "x", "80 , 81"})
  void allowPorts_malformed_refused(String list) {
    assertThatThrownBy(() -> standard.allowPorts(list))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("ports: ");
  }

  @Test
  void limit_outsideItsRange_refused() {
    assertThatThrownBy(() -> standard.limit(Duration.ZERO)).hasMessageContaining("limit: PT0S");
    assertThatThrownBy(() -> standard.limit(Duration.ofHours(1)))
        .hasMessageContaining("limit: PT1H");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.1/8",
        "::/129",
        "a/8",
        "10.0.0.0/8/8",
        "fe80::1%eth0/64",
        "10.0.0.0/ 8"
      })
  void range_malformed_refused(String text) {
    assertThatThrownBy(() -> AddressRange.parse(text))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("address range: ");
  }

  @Test
  void range_containsWhatBeginsWithItsBits() {
    AddressRange range = AddressRange.parse("10.1.128.0/17");

    assertThat(range.contains(InetAddresses.forString("10.1.128.0"))).isTrue();
    assertThat(range.contains(InetAddresses.forString("10.1.255.255"))).isTrue();
    assertThat(range.contains(InetAddresses.forString("10.1.127.255"))).isFalse();
    assertThat(range.contains(InetAddresses.forString("::1"))).isFalse();
    assertThat(AddressRange.parse("10.1.1.1").contains(InetAddresses.forString("10.1.1.1")))
        .isTrue();
  }
}
