package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalPathTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/v1/catalog/services",
        "/v1/catalog/services?dc=../..&x=//",
        "/v1/agent/service/a%20b",
        "/v1/agent/service/%C3%A4",
        "/v1/agent/service/a...b",
        "/v1/kv/",
        "/v1/kv/a/b",
        "/v1/kv/a%2Fb",
        "/v1/kv/a;b",
        "/v1/agent/service/a;b",
        "/v1/agent/check/pass/service:orders%2Fo1",
        "/v1/agent/health/service/id/orders%2Fo1",
        "/v1/agent/service/orders%2Fo1",
        "/v1/agent/service/deregister/orders%2Fo1",
        "/v1/agent/"
      })
  void isCanonical_meansOneThing(String path) {
    assertThat(CanonicalPath.isCanonical(path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "v1",
        "*",
        "http://x/v1",
        "/v1/../v1",
        "/v1/./x",
        "/..",
        "/v1/..",
        "/v1/%2e%2e/x",
        "/v1/.%2E/x",
        "//v1",
        "/v1//x",
        "/v1/x//",
        "/v1/x;a=b",
        "/v1/catalog;x/services",
        "/services;a",
        "/v1/kv/a//b",
        "/v1/session/info/a%2Fb",
        "/v1;/x",
        "/v1%2Fkv",
        "/v1/agent%2Fservice/orders",
        "/v1/agent/service/deregister/..%2Fregister",
        "/v1/agent/service/deregister/a%2F%2Fb",
        "/v1%2fkv",
        "/v1\\kv",
        "/v1%5ckv",
        "/v1/%00",
        "/v1/%0a",
        "/v1/%7f",
        "/v1/%",
        "/v1/%4",
        "/v1/%zz",
        "/v1/x y",
        "/v1/\u0000",
        "/v1/ä",
        "/v1/#x",
        "/v1/kv/../x",
        "/v1/kv/%2e%2e/x",
        "/v1/kv/..%2fx",
        "/v1/kv/a%00"
      })
  void isCanonical_couldMeanTwoThings_isNot(String path) {
    assertThat(CanonicalPath.isCanonical(path)).isFalse();
  }
}
