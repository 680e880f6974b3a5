/** An application that is a module. */
module consumer {
  requires dev.rollcall.api;
}
