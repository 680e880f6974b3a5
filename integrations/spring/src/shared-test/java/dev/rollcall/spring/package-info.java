/** The tests of both lines: each starter compiles and runs them with its own Spring. */
package dev.rollcall.spring;
