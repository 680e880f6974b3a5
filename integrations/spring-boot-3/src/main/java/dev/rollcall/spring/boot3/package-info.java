/**
 * What Rollcall has for Spring Boot 3 alone: the types of its health endpoint. All else is in
 * {@code dev.rollcall.spring}.
 */
@NullMarked
package dev.rollcall.spring.boot3;

import org.jspecify.annotations.NullMarked;
