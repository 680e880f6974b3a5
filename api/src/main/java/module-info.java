/** Rollcall's application interface, its backend SPI and the engine between the two. */
module dev.rollcall.api {
  requires transitive org.jspecify;
  requires com.google.common;
  requires java.net.http;
  requires org.slf4j;

  exports dev.rollcall;
  exports dev.rollcall.spi;

  uses dev.rollcall.spi.BackendProvider;
}
