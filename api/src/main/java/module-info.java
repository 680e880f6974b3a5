/** Rollcall's application interface, its backend SPI and the engine between the two. */
module dev.rollcall.api {
  requires transitive org.jspecify;
  requires com.google.common;
  requires java.net.http;
  requires static jdk.jfr; // an image without the flight recorder does without its events
  requires org.slf4j;

  exports dev.rollcall;
  exports dev.rollcall.kv;
  exports dev.rollcall.spi;
  exports dev.rollcall.spi.support;

  uses dev.rollcall.spi.BackendProvider;
  uses dev.rollcall.spi.GrpcHealthClient;
}
