package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpMethod;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NeedTest {
  @ParameterizedTest
  @CsvSource({
    "GET, /, NOTHING",
    "HEAD, /dashboard/files/app.js, NOTHING",
    "GET, /health/ready, NOTHING",
    "POST, /, ADMIN",
    "GET, /dashboard/events, READ",
    "GET, /dashboard/me, READ",
    "POST, /dashboard/files/app.js, ADMIN",
    "GET, /metrics, READ",
    "GET, /metricsx, ADMIN",
    "GET, /v1/catalog/services, READ",
    "GET, /v1/health/service/a, READ",
    "GET, /v1/kv/a, READ",
    "PUT, /v1/kv/a, ADMIN",
    "DELETE, /v1/kv/a, ADMIN",
    "PUT, /v1/agent/service/register, REGISTER",
    "PUT, /v1/agent/service/registerx, ADMIN",
    "PUT, /v1/agent/service/deregister/a, REGISTER",
    "PUT, /v1/agent/check/pass/a, REGISTER",
    "PUT, /v1/catalog/register, ADMIN",
    "PUT, /v1/event/fire/a, ADMIN",
    "GET, /v1/event/list, READ",
    "PUT, /v1/agent/maintenance, ADMIN",
    "POST, /services, REGISTER",
    "DELETE, /services, REGISTER",
    "GET, /services, ADMIN",
    "POST, /services/x, ADMIN",
    "GET, /v1/acl/tokens, ADMIN",
    "GET, /anything, ADMIN",
    "TRACE, /, ADMIN",
    "UNKNOWN, /services, ADMIN"
  })
  void of_whatNoRuleNames_takesAnAdministrator(HttpMethod method, String path, RequiredRole need) {
    assertThat(RequiredRole.of(method, path)).isEqualTo(need);
  }
}
