package dev.rollcall;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * One object for many equal ones: what instances have in common is decoded from a store a thousand
 * times and kept once. Bounded and forgetful: a value that meets another one in its slot takes the
 * slot over, so what is seen often is shared as a rule, and what is seen once costs no memory for
 * ever. Thread-safe without a lock: at worst two equal objects live side by side.
 */
final class Interner<T> {
  private final AtomicReferenceArray<T> slots;

  /**
   * Creates an empty one.
   *
   * @param slots a power of two
   */
  Interner(int slots) {
    this.slots = new AtomicReferenceArray<>(slots);
  }

  /** Returns the value, or one that is equal to it. */
  T of(T value) {
    int hash = value.hashCode() * 0x9E3779B9;
    int slot = (hash ^ (hash >>> 16)) & (slots.length() - 1);
    T known = slots.getAcquire(slot);
    if (value.equals(known)) {
      return known;
    }
    slots.setRelease(slot, value);
    return value;
  }
}
