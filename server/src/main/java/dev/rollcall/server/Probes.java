package dev.rollcall.server;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.HttpService;
import java.util.List;

/** {@code /health/live} and {@code /health/ready}, for operators and their probes. */
final class Probes {
  private final List<CentrePart> parts;

  Probes(List<CentrePart> parts) {
    this.parts = parts;
  }

  /** Answers as long as the process runs. */
  HttpService live() {
    return (ctx, request) -> HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "live");
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
