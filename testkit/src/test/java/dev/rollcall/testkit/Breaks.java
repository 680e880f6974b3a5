package dev.rollcall.testkit;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Which tests of the contract find the fault of a broken fixture. */
@Retention(RetentionPolicy.RUNTIME)
@interface Breaks {
  Class<?> group();

  String[] tests();
}
