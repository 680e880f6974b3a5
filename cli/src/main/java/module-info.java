/** Rollcall's command line. */
module dev.rollcall.cli {
  requires dev.rollcall.api;
  requires info.picocli;
  requires java.net.http;
  requires jdk.httpserver;

  opens dev.rollcall.cli to
      info.picocli;
}
