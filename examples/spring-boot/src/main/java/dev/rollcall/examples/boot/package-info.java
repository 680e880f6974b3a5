/** Two services on Spring Boot that find each other: {@link dev.rollcall.examples.boot.Shop}. */
@NullMarked
package dev.rollcall.examples.boot;

import org.jspecify.annotations.NullMarked;
