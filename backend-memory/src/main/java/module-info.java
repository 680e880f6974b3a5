/** Rollcall's in-process registry: leases, checks and watches without a server. */
module dev.rollcall.backend.memory {
  requires transitive dev.rollcall.api;
  requires org.slf4j;

  exports dev.rollcall.memory;

  provides dev.rollcall.spi.BackendProvider with
      dev.rollcall.memory.MemoryBackendProvider;
}
