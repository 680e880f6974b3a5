package dev.rollcall.engine;

import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.util.Set;

/** Opens {@link ScriptedBackend}s for {@link RegistryBuilderTest}. */
public final class ScriptedProvider implements BackendProvider {
  @Override
  public Set<String> schemes() {
    return Set.of("scripted", "scripteds");
  }

  @Override
  public RegistryBackend open(BackendUri uri, Timer timer) {
    uri.requireOnly(Set.of("token", "timeout"));
    return new ScriptedBackend();
  }
}
