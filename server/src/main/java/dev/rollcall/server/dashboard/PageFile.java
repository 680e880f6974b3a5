package dev.rollcall.server.dashboard;

import com.google.common.hash.Hashing;
import com.google.common.io.Resources;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * One file of the page, with the headers that keep a browser from doing anything with it but what
 * is meant: scripts, styles, pictures and connections from this server alone, nothing inline, no
 * frame around it. Immutable.
 */
final class PageFile implements HttpService {
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final byte[] content;
  private final ResponseHeaders headers;
  private final String tag;

  PageFile(String name, MediaType type) {
    try {
      content = Resources.toByteArray(Resources.getResource(PageFile.class, name));
    } catch (IOException missing) {
      throw new UncheckedIOException(missing);
    }
    tag = "\"" + Hashing.sha256().hashBytes(content).toString().substring(0, 16) + "\"";
    headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(type)
            .set(HttpHeaderNames.CONTENT_SECURITY_POLICY, POLICY)
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .set(HttpHeaderNames.X_FRAME_OPTIONS, "DENY")
            .set(HttpHeaderNames.REFERRER_POLICY, "no-referrer")
            .set("cross-origin-opener-policy", "same-origin")
            .set("cross-origin-resource-policy", "same-origin")
            .set(HttpHeaderNames.CACHE_CONTROL, "no-cache")
            .set(HttpHeaderNames.ETAG, tag)
            .build();
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) {
    if (req.method() != HttpMethod.GET && req.method() != HttpMethod.HEAD) {
      return notAllowed("GET, HEAD");
    }
    if (tag.equals(req.headers().get(HttpHeaderNames.IF_NONE_MATCH))) {
      return HttpResponse.of(
          headers.toBuilder().status(HttpStatus.NOT_MODIFIED).contentLengthUnknown().build());
    }
    return HttpResponse.of(headers, HttpData.wrap(content));
  }

  static HttpResponse notAllowed(String allowed) {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.METHOD_NOT_ALLOWED)
            .contentType(MediaType.PLAIN_TEXT_UTF_8)
            .set(HttpHeaderNames.ALLOW, allowed)
            .build(),
        HttpData.ofUtf8("method: (expected: " + allowed + ")"));
  }
}
