package dev.rollcall.consul;

import okhttp3.HttpUrl;

/**
 * Builds the URLs of Consul's HTTP API, with what the settings ask of every request: the
 * datacentre, the namespace and the partition. Immutable.
 */
final class ConsulUrls {
  private final ConsulBackendSettings settings;
  private final HttpUrl base;

  ConsulUrls(ConsulBackendSettings settings) {
    this.settings = settings;
    this.base = HttpUrl.get(settings.baseUrl() + "/v1/");
  }

  /** Begins the URL of a read that is kept apart by namespace and partition. */
  HttpUrl.Builder read(ReadOptions read, String first, String... more) {
    HttpUrl.Builder url = base.newBuilder().addPathSegment(first);
    for (String segment : more) {
      url.addPathSegment(segment);
    }
    addTenancy(url);
    addOptions(url, read);
    return url;
  }

  /** Returns the URL of the list of nodes, which are of no namespace. */
  HttpUrl nodes(ReadOptions read) {
    HttpUrl.Builder url = base.newBuilder().addPathSegments("catalog/nodes");
    addPartition(url);
    addOptions(url, read);
    return url.build();
  }

  /** Returns the URL of the events that the agent knows, which are of no namespace or partition. */
  HttpUrl events(ReadOptions read) {
    HttpUrl.Builder url = base.newBuilder().addPathSegments("event/list");
    addOptions(url, read);
    return url.build();
  }

  /**
   * Begins the URL of a key that is written.
   *
   * @param expected the ModifyIndex that it must have, 0 for none; negative for any
   */
  HttpUrl.Builder key(String key, long expected) {
    HttpUrl.Builder url = base.newBuilder().addPathSegment("kv");
    for (String segment : key.split("/", -1)) {
      url.addPathSegment(segment);
    }
    addDatacentre(url);
    addTenancy(url);
    if (expected >= 0) {
      url.addQueryParameter("cas", Long.toString(expected));
    }
    return url;
  }

  HttpUrl transaction() {
    HttpUrl.Builder url = base.newBuilder().addPathSegment("txn");
    addDatacentre(url);
    addTenancy(url);
    return url.build();
  }

  /** Begins the URL of something that the agent itself is told or asked. */
  HttpUrl.Builder agent(String path, String... more) {
    HttpUrl.Builder url = base.newBuilder().addPathSegment("agent").addPathSegments(path);
    for (String segment : more) {
      url.addPathSegment(segment);
    }
    addTenancy(url);
    return url;
  }

  private void addOptions(HttpUrl.Builder url, ReadOptions read) {
    addDatacentre(url);
    switch (read.consistency()) {
      case DEFAULT -> {}
      case CONSISTENT -> url.addQueryParameter("consistent", null);
      case STALE -> url.addQueryParameter("stale", null);
    }
    if (read.blocks()) {
      url.addQueryParameter("index", Long.toUnsignedString(read.index()))
          .addQueryParameter("wait", read.patience().toSeconds() + "s");
    }
  }

  private void addTenancy(HttpUrl.Builder url) {
    if (!settings.namespace().isEmpty()) {
      url.addQueryParameter("ns", settings.namespace());
    }
    addPartition(url);
  }

  private void addPartition(HttpUrl.Builder url) {
    if (!settings.partition().isEmpty()) {
      url.addQueryParameter("partition", settings.partition());
    }
  }

  private void addDatacentre(HttpUrl.Builder url) {
    if (!settings.datacentre().isEmpty()) {
      url.addQueryParameter("dc", settings.datacentre());
    }
  }
}
