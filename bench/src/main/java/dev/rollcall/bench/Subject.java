package dev.rollcall.bench;

import java.util.List;

/**
 * A case, and with what it is run.
 *
 * @param of the case
 * @param classPath of its JVM
 * @param arguments what else its JVM is given
 */
record Subject(Case of, String classPath, List<String> arguments) {

  /** A case of this checkout. */
  static Subject here(Case of, List<String> arguments) {
    return new Subject(of, System.getProperty("java.class.path"), arguments);
  }
}
