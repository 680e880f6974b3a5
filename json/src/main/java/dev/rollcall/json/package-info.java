/** Values of the key-value store as JSON: {@link dev.rollcall.json.JsonValues} is all there is. */
@NullMarked
package dev.rollcall.json;

import org.jspecify.annotations.NullMarked;
