/** The libraries inside this backend, relocated, and what keeps them apart. Nothing here is API. */
@NullMarked
package dev.rollcall.etcd.shaded;

import org.jspecify.annotations.NullMarked;
