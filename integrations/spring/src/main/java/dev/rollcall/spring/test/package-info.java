/**
 * For the tests of Spring applications that use Rollcall. Start here: {@link
 * dev.rollcall.spring.test.AutoConfigureFakeStore}.
 */
@NullMarked
package dev.rollcall.spring.test;

import org.jspecify.annotations.NullMarked;
