/**
 * Keys and values with watch, beside the registry and in the same stores. Start here: {@link
 * dev.rollcall.kv.KeyValueStore#open(String)}.
 */
@NullMarked
package dev.rollcall.kv;

import org.jspecify.annotations.NullMarked;
