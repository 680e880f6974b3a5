package dev.rollcall.etcd;

/** A value that is in none of the forms that this module reads. Its message holds no value. */
final class MalformedException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedException(String message) {
    super(message);
  }
}
