/** An application that is linked into an image. */
module consumer {
  requires dev.rollcall.api;
}
