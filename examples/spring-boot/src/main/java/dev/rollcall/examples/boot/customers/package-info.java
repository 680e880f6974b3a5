/** One of two services that find each other. */
@NullMarked
package dev.rollcall.examples.boot.customers;

import org.jspecify.annotations.NullMarked;
