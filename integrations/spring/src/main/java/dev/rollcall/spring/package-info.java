/**
 * Rollcall in Spring Boot and Spring Cloud: what both lines of Spring Boot share. Start here:
 * {@link dev.rollcall.spring.RollcallAutoConfiguration} makes the registry, {@link
 * dev.rollcall.spring.RollcallProperties} holds all settings.
 */
@NullMarked
package dev.rollcall.spring;

import org.jspecify.annotations.NullMarked;
