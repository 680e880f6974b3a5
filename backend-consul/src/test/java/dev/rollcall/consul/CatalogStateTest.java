package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.testkit.RecordingSink;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CatalogStateTest {
  private final RecordingSink sink = new RecordingSink(Selector.everything());
  private final SinkMailbox<WatchSink> mailbox = SinkMailbox.of(sink);
  private final CatalogState state = new CatalogState();

  @BeforeEach
  void join() {
    state.joinEverything(mailbox);
  }

  @Test
  @DisplayName("a service that was gone and is there again has no older revision than before")
  void revision_ofAServiceThatComesBack() {
    names(30, "moves");
    state.checks(new Indexed<>(new CheckDigest(), 30));
    fetched(32, Bench.instance("moves", "i", 1));
    names(33);
    fetched(30); // an index below: the last instance has moved to another service
    names(34, "moves");
    fetched(30); // it has moved away again before it was asked for
    names(35);
    names(36, "moves");
    fetched(36, Bench.instance("moves", "i", 2));

    assertThat(sink.state()).containsExactly(Bench.instance("moves", "i", 2));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("after an interruption revisions begin anew")
  void revision_afterAnInterruption() {
    names(30, "moves");
    state.checks(new Indexed<>(new CheckDigest(), 30));
    fetched(32, Bench.instance("moves", "i", 1));
    names(33);
    fetched(30);
    state.interrupt(RegistryException.unavailable("the store went back", null));
    state.forget();
    names(3, "moves");
    state.checks(new Indexed<>(new CheckDigest(), 3));

    assertThat(fetched(2, Bench.instance("moves", "i", 1)).revision).isEqualTo(2);
  }

  private void names(long index, String... services) {
    Map<String, List<String>> listed =
        Arrays.stream(services).collect(Collectors.toMap(name -> name, name -> List.of()));
    state.names(new Indexed<>(listed, index));
  }

  /** Answers the next fetch. */
  private ServiceState fetched(long index, ServiceInstance... instances) {
    ServiceState track = Objects.requireNonNull(state.poll(1), "nothing to fetch");
    state.fetched(track, new Indexed<>(List.of(), index), List.of(instances));
    mailbox.drain();
    return track;
  }
}
