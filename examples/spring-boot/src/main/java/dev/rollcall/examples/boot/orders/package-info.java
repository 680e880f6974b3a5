/** One of two services that find each other. */
@NullMarked
package dev.rollcall.examples.boot.orders;

import org.jspecify.annotations.NullMarked;
