package dev.rollcall.server.access;

import com.linecorp.armeria.common.HttpMethod;
import java.util.Set;

/**
 * What a request takes. What no rule names takes an administrator: a path that is forgotten here is
 * closed, not open.
 */
enum RequiredRole {
  /** Nothing: the page itself, which holds no data, and the operator's probes. */
  NOTHING,
  /** Reading. */
  READ,
  /** Registering some service; whether it is the right one decides who knows its name. */
  REGISTER,
  /** Everything else. */
  ADMIN;

  private static final Set<String> OPEN = Set.of("/", "/health/live", "/health/ready");

  private static final String[] OPEN_FILES = {"/dashboard/files/"};

  private static final String[] READABLE = {
    "/metrics",
    "/dashboard/",
    "/v1/agent/self",
    "/v1/agent/members",
    "/v1/agent/services",
    "/v1/agent/service/",
    "/v1/agent/checks",
    "/v1/agent/health/",
    "/v1/catalog/",
    "/v1/health/",
    "/v1/kv/",
    "/v1/event/list",
    "/v1/session/",
    "/v1/status/",
    "/v1/coordinate/",
  };

  private static final String[] REGISTERABLE = {
    "/v1/agent/service/register",
    "/v1/agent/service/deregister/",
    "/v1/agent/service/maintenance/",
    "/v1/agent/check/",
    "/services",
  };

  /** Returns what a request takes; the path is canonical and without its query. */
  static RequiredRole of(HttpMethod method, String path) {
    boolean reading = method == HttpMethod.GET || method == HttpMethod.HEAD;
    if (reading && (OPEN.contains(path) || matches(OPEN_FILES, path))) {
      return NOTHING;
    }
    if (reading) {
      return matches(READABLE, path) ? READ : ADMIN;
    }
    boolean registering =
        method == HttpMethod.PUT || method == HttpMethod.POST || method == HttpMethod.DELETE;
    return registering && matches(REGISTERABLE, path) ? REGISTER : ADMIN;
  }

  /** A rule that ends with a slash stands for all below it, every other for itself. */
  private static boolean matches(String[] rules, String path) {
    for (String rule : rules) {
      if (rule.endsWith("/") ? path.startsWith(rule) : path.equals(rule)) {
        return true;
      }
    }
    return false;
  }
}
