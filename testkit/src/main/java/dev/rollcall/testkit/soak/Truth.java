package dev.rollcall.testkit.soak;

import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.Bytes;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Reads what a store holds, by a way that none of the clients under test takes. Every call reads
 * anew, and fails with a {@link dev.rollcall.RegistryException} where the store does not answer.
 */
interface Truth extends AutoCloseable {
  /** Says for the report what the way is. */
  String way();

  /** Returns the instances of some services, in any health, in the order of their keys. */
  List<ServiceInstance> instances(Collection<String> services);

  /** Returns the keys with a prefix; empty as well where the store keeps none. */
  Map<String, Bytes> keys(String prefix);

  @Override
  void close();
}
