package dev.rollcall.examples.files;

import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Selector;
import java.util.Collection;
import java.util.List;

/**
 * An instance as it stands in the folder.
 *
 * @param name the name of its file
 * @param entry the content of its file
 */
record Stored(FileName name, Entry entry) {
  ServiceInstance instance() {
    return entry.instance();
  }

  static List<ServiceInstance> selected(Selector selector, Collection<Stored> all) {
    return all.stream()
        .map(Stored::instance)
        .filter(instance -> selector.selects(instance.service()))
        .toList();
  }
}
