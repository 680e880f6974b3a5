package dev.rollcall;

import com.google.common.collect.ImmutableMap;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a service: where it is and what is known of it. Immutable, with value equality;
 * made by a {@linkplain #builder(String) builder}, which refuses what one of the stores could not
 * keep.
 *
 * @since 0.1.0
 */
public final class ServiceInstance {
  private static final Interner<String> STRINGS = new Interner<>(8192);
  private static final Interner<List<String>> TAGS = new Interner<>(2048);
  private static final Interner<Map<String, String>> METADATA = new Interner<>(2048);

  private final InstanceKey key;
  private final String host;
  private final int port;
  private final String scheme;
  private final List<String> tags;
  private final Map<String, String> metadata;
  private final int weight;
  private final String zone;
  private final Map<String, HostPort> addresses;
  private final Health health;

  private ServiceInstance(Builder from) {
    String service = Arguments.name("service", from.service, "");
    String id =
        from.id == null
            ? service + "-" + UUID.randomUUID()
            : Arguments.name("id", from.id, ", service " + service);
    String context = ", service " + service + ", instance " + id;
    key = new InstanceKey(STRINGS.of(service), id);
    host = Arguments.reachableHost(from.host, context);
    port = Arguments.port("port", from.port, context);
    scheme = STRINGS.of(Arguments.scheme(from.scheme, context));
    Arguments.entries("tags", from.tags.size(), context);
    from.tags.forEach(tag -> Arguments.value("tag", tag, context));
    tags = TAGS.of(from.tags.stream().map(STRINGS::of).toList());
    Arguments.entries("metadata", from.metadata.size(), context);
    from.metadata.forEach(
        (name, value) -> {
          Arguments.metadataKey(name, context);
          Arguments.value("metadata " + name, value, context);
        });
    metadata = METADATA.of(new FlatMap(from.metadata, STRINGS));
    weight = Arguments.weight(from.weight, context);
    zone = STRINGS.of(Arguments.value("zone", from.zone, context));
    addresses = from.addresses(host, context);
    health = Arguments.notNull("health", from.health, context);
  }

  /**
   * Starts an instance of a service.
   *
   * @param service the service's name, by the rule of {@link ServiceName}
   * @return a builder; the address is still to be given
   */
  public static Builder builder(String service) {
    return new Builder(service);
  }

  /**
   * Returns a builder that holds all of this instance's fields. Its named ports are further
   * addresses, which keep their host where the builder is given another one.
   *
   * @return a new builder
   */
  public Builder toBuilder() {
    Builder to = new Builder(key.service()).id(key.id()).address(host, port).scheme(scheme);
    to.tags.addAll(tags);
    to.metadata.putAll(metadata);
    to.addresses.putAll(addresses);
    return to.weight(weight).zone(zone).health(health);
  }

  /**
   * Returns the service's name and the id.
   *
   * @return the key
   */
  public InstanceKey key() {
    return key;
  }

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  public String service() {
    return key.service();
  }

  /**
   * Returns the id within the service.
   *
   * @return the id
   */
  public String id() {
    return key.id();
  }

  /**
   * Returns the IP address or host name.
   *
   * @return the host, an IPv6 address without brackets
   */
  public String host() {
    return host;
  }

  /**
   * Returns the port.
   *
   * @return 1 to 65535
   */
  public int port() {
    return port;
  }

  /**
   * Returns host and port as they stand in a URI.
   *
   * @return {@code host:port}, an IPv6 address in brackets
   */
  public String authority() {
    return address().toString();
  }

  /**
   * Returns the URI of this instance.
   *
   * @return {@code scheme://host:port}, see {@link HostPort#uri}
   */
  public URI uri() {
    return uri("");
  }

  /**
   * Returns the URI of something at this instance.
   *
   * @param path empty, or from its slash on, see {@link HostPort#uri}
   * @return {@code scheme://host:port/path}
   * @throws RegistryException of kind {@code INVALID} where that is no path of a URI
   */
  public URI uri(String path) {
    return address().uri(scheme, path);
  }

  /**
   * Returns host and port.
   *
   * @return the address that the instance is found at
   */
  public HostPort address() {
    return new HostPort(host, port);
  }

  /**
   * Finds a further address or named port.
   *
   * @param name its name
   * @return the address, empty where the instance has none of that name
   */
  public Optional<HostPort> address(String name) {
    return Optional.ofNullable(addresses.get(Arguments.notNull("name", name, "")));
  }

  /**
   * Returns the protocol that the port speaks.
   *
   * @return the scheme, {@code http} where none was given
   */
  public String scheme() {
    return scheme;
  }

  /**
   * Returns the tags in the order in which they were given.
   *
   * @return at most 64 tags without duplicates, immutable
   */
  public List<String> tags() {
    return tags;
  }

  /**
   * Returns the metadata in the order of its keys.
   *
   * @return at most 64 entries, immutable
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Returns the share of requests that this instance should get, relative to its fellows.
   *
   * @return 0 or more, 1 where none was given
   */
  public int weight() {
    return weight;
  }

  /**
   * Returns the zone that the instance runs in.
   *
   * @return the zone, empty where none was given
   */
  public String zone() {
    return zone;
  }

  /**
   * Returns further addresses by name, {@code lan} and {@code wan} being the usual ones, and the
   * named ports, as {@code admin} and {@code grpc}.
   *
   * @return the addresses in the order of their names, immutable
   */
  public Map<String, HostPort> addresses() {
    return addresses;
  }

  /**
   * Returns how well the instance is. In what an application registers this is the best that a look
   * at the registry can show: the checks of the store can only make it worse.
   *
   * @return the health, {@link Health#PASSING} where none was given
   */
  public Health health() {
    return health;
  }

  /**
   * Returns the same instance in another health.
   *
   * @param health the health to show
   * @return this, where it is already in that health
   */
  public ServiceInstance withHealth(Health health) {
    return health == this.health ? this : toBuilder().health(health).build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    if (this == other) {
      return true;
    }
    return other instanceof ServiceInstance that
        // First what stands in the instance itself: most that differ do so there.
        && port == that.port
        && health == that.health
        && weight == that.weight
        && key.equals(that.key)
        && host.equals(that.host)
        && scheme.equals(that.scheme)
        && zone.equals(that.zone)
        && tags.equals(that.tags)
        && metadata.equals(that.metadata)
        && addresses.equals(that.addresses);
  }

  @Override
  public int hashCode() {
    return 31 * key.hashCode() + 31 * host.hashCode() + port;
  }

  /** Returns {@code service/id scheme://host:port HEALTH}, without tags and metadata. */
  @Override
  public String toString() {
    return key + " " + scheme + "://" + authority() + " " + health;
  }

  /** Collects the fields of an instance. Not thread-safe. */
  public static final class Builder {
    private final @Nullable String service;
    private @Nullable String id;
    private @Nullable String host;
    private int port;
    private String scheme = "http";
    private final LinkedHashSet<String> tags = new LinkedHashSet<>();
    private final TreeMap<String, String> metadata = new TreeMap<>();
    private int weight = 1;
    private String zone = "";
    private final TreeMap<String, HostPort> addresses = new TreeMap<>();
    private final TreeMap<String, Integer> ports = new TreeMap<>(); // none that has an address
    private Health health = Health.PASSING;

    private Builder(@Nullable String service) {
      this.service = service;
    }

    /**
     * Sets the id. Without one, {@link #build()} makes one of the service's name and a random UUID.
     *
     * @param id by the rule of {@link InstanceId}
     * @return this
     */
    public Builder id(String id) {
      this.id = Arguments.notNull("id", id, context());
      return this;
    }

    /**
     * Sets the address.
     *
     * @param host an IPv4 or IPv6 address or a host name that means this instance to its readers as
     *     well: no zone and no link-local IPv6 address, which needs one, and neither {@code
     *     0.0.0.0} nor {@code ::}
     * @param port 1 to 65535
     * @return this
     */
    public Builder address(String host, int port) {
      this.host = host;
      this.port = port;
      return this;
    }

    /**
     * Sets the protocol that the port speaks; {@code http} without this call.
     *
     * @param scheme lower case, 1 to 32 characters
     * @return this
     */
    public Builder scheme(String scheme) {
      this.scheme = scheme;
      return this;
    }

    /**
     * Adds a tag; one that is there already changes nothing.
     *
     * @param tag at most 512 bytes of UTF-8 without control characters
     * @return this
     */
    public Builder tag(String tag) {
      tags.add(Arguments.notNull("tag", tag, context()));
      return this;
    }

    /**
     * Replaces all tags.
     *
     * @param tags at most 64
     * @return this
     */
    public Builder tags(Iterable<String> tags) {
      List<String> copy = new ArrayList<>();
      Arguments.notNull("tags", tags, context()).forEach(copy::add);
      this.tags.clear();
      copy.forEach(this::tag);
      return this;
    }

    /**
     * Adds or replaces an entry of the metadata.
     *
     * @param key 1 to 128 of {@code [A-Za-z0-9_./-]}
     * @param value at most 512 bytes of UTF-8 without control characters
     * @return this
     */
    public Builder metadata(String key, String value) {
      metadata.put(
          Arguments.notNull("metadata key", key, context()),
          Arguments.notNull("metadata " + key, value, context()));
      return this;
    }

    /**
     * Replaces all metadata.
     *
     * @param metadata at most 64 entries
     * @return this
     */
    public Builder metadata(Map<String, String> metadata) {
      Map<String, String> given = Arguments.notNull("metadata", metadata, context());
      this.metadata.clear();
      given.forEach(this::metadata);
      return this;
    }

    /**
     * Sets the share of requests relative to its fellows; 1 without this call.
     *
     * @param weight 0 or more
     * @return this
     */
    public Builder weight(int weight) {
      this.weight = weight;
      return this;
    }

    /**
     * Sets the zone; empty without this call.
     *
     * @param zone at most 512 bytes of UTF-8 without control characters
     * @return this
     */
    public Builder zone(String zone) {
      this.zone = zone;
      return this;
    }

    /**
     * Adds or replaces a named further address.
     *
     * @param name 1 to 128 of {@code [A-Za-z0-9_-]}, {@code lan} and {@code wan} being the usual
     *     ones
     * @param host an IPv4 or IPv6 address or a host name
     * @param port 1 to 65535
     * @return this
     */
    public Builder address(String name, String host, int port) {
      addresses.put(
          Arguments.notNull("address name", name, context()),
          new HostPort(
              Arguments.host("address " + name + " host", host, context()),
              Arguments.port("address " + name + " port", port, context())));
      ports.remove(name);
      return this;
    }

    /**
     * Adds or replaces a named port, as {@code admin} or {@code grpc}: a further address at the
     * host that this builder has when it {@linkplain #build builds}. That of the instance itself
     * needs no name.
     *
     * @param name 1 to 128 of {@code [A-Za-z0-9_-]}
     * @param port 1 to 65535
     * @return this
     */
    public Builder port(String name, int port) {
      ports.put(
          Arguments.notNull("address name", name, context()),
          Arguments.port("address " + name + " port", port, context()));
      addresses.remove(name);
      return this;
    }

    private Map<String, HostPort> addresses(String host, String context) {
      TreeMap<String, HostPort> all = addresses;
      if (!ports.isEmpty()) {
        all = new TreeMap<>(addresses);
        for (Map.Entry<String, Integer> port : ports.entrySet()) {
          all.put(port.getKey(), new HostPort(host, port.getValue()));
        }
      }
      Arguments.entries("addresses", all.size(), context);
      all.keySet().forEach(name -> Arguments.addressName(name, context));
      return ImmutableMap.copyOf(all);
    }

    /**
     * Sets the health; {@link Health#PASSING} without this call.
     *
     * @param health the best that a look at the registry shall show
     * @return this
     */
    public Builder health(Health health) {
      this.health = health;
      return this;
    }

    /**
     * Checks every field and makes the instance.
     *
     * @return a new instance
     * @throws RegistryException of kind {@code INVALID}, naming the field, its value and the rule
     */
    public ServiceInstance build() {
      return new ServiceInstance(this);
    }

    private String context() {
      return (service == null ? "" : ", service " + Arguments.shown(service))
          + (id == null ? "" : ", instance " + Arguments.shown(id));
    }
  }
}
