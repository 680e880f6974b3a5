/**
 * The engine: the instance cache, the delivery of changes, the upkeep of registrations, the
 * balancers. It is written once, for all backends. Start here: {@link
 * dev.rollcall.engine.StoreRegistry}. Not exported; its public types are those that {@link
 * dev.rollcall.RegistryBuilder}, {@link dev.rollcall.kv.KeyValueStoreBuilder} and {@link
 * dev.rollcall.Balancer} open it by.
 */
@NullMarked
package dev.rollcall.engine;

import org.jspecify.annotations.NullMarked;
