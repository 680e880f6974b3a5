/** Requests of the JDK's HTTP client to the instances of a service. */
module dev.rollcall.http {
  requires transitive dev.rollcall.api;
  requires transitive java.net.http;

  exports dev.rollcall.http;
}
