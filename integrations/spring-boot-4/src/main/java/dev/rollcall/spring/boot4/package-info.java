/**
 * What Rollcall has for Spring Boot 4 alone: the types of its health endpoint. All else is in
 * {@code dev.rollcall.spring}.
 */
@NullMarked
package dev.rollcall.spring.boot4;

import org.jspecify.annotations.NullMarked;
