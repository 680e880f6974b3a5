package dev.rollcall.server;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.HttpService;
import java.util.List;

/** {@code /health/live} and {@code /health/ready}, for operators and their probes. */
final class Probes {
  private final List<CentrePart> parts;
  private final Errors errors;

  Probes(List<CentrePart> parts, Errors errors) {
    this.parts = parts;
    this.errors = errors;
  }

  /** Answers 200 as long as the process runs, unless the JVM has run out of memory. */
  HttpService live() {
    return (ctx, request) ->
        errors.isBroken()
            ? HttpResponse.of(
                HttpStatus.INTERNAL_SERVER_ERROR,
                MediaType.PLAIN_TEXT_UTF_8,
                "the JVM has run out of memory: restart it")
            : HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "live");
  }

  /** Answers 200 while every part can serve. */
  HttpService ready() {
    return (ctx, request) ->
        parts.stream().allMatch(CentrePart::isReady)
            ? HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "ready")
            : HttpResponse.of(
                HttpStatus.SERVICE_UNAVAILABLE,
                MediaType.PLAIN_TEXT_UTF_8,
                "the store is not heard of");
  }
}
