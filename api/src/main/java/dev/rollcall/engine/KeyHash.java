package dev.rollcall.engine;

/**
 * 64 well-mixed bits of a key, the same in every process for texts, numbers and booleans; for
 * anything else as far as its {@link Object#hashCode()} is. The mixing is the finaliser of
 * SplitMix64 (G. L. Steele and others, "Fast splittable pseudorandom number generators", 2014).
 */
final class KeyHash {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private KeyHash() {}

  static long of(Object key) {
    return key instanceof String text ? ofText(text, 0) : mix(key.hashCode() + GOLDEN);
  }

  static long of(long key) {
    return mix(key + GOLDEN);
  }

  /** Hashes a text with a seed. */
  static long ofText(String text, long seed) {
    long hash = seed * GOLDEN + text.length();
    for (int n = 0; n < text.length(); n++) {
      hash = (hash ^ text.charAt(n)) * 0x100000001B3L + GOLDEN;
      hash ^= hash >>> 29;
    }
    return mix(hash);
  }

  static long mix(long bits) {
    long z = bits;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
