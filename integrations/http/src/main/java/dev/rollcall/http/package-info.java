/**
 * Requests of the JDK's HTTP client to the instances of a service, with another try where one of
 * them fails. Start here: {@link dev.rollcall.http.ServiceClient}.
 */
@NullMarked
package dev.rollcall.http;

import org.jspecify.annotations.NullMarked;
