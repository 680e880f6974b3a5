/**
 * A registry on etcd v3. Start here: {@link dev.rollcall.etcd.EtcdBackend}, which opens by a URI
 * {@code etcd://host:port/prefix}. Inside, {@code EtcdGateway} is the only one that talks to jetcd;
 * {@code EtcdRegistrations} registers, {@code RangeWatch} watches, {@code Codec} and {@code
 * KeyLayout} translate.
 */
@NullMarked
package dev.rollcall.etcd;

import org.jspecify.annotations.NullMarked;
