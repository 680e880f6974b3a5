/**
 * Real servers and a network that misbehaves, for tests: etcd and Consul as child processes of the
 * test, one node or a cluster, and a TCP proxy that cuts, stalls, delays and garbles.
 *
 * <p>Start here: {@link dev.rollcall.testkit.server.EtcdServer} or {@link
 * dev.rollcall.testkit.server.ConsulServer} for a server, {@link
 * dev.rollcall.testkit.server.FaultProxy} for what happens to the connection in front of it, {@link
 * dev.rollcall.testkit.server.EtcdExtension} and {@link
 * dev.rollcall.testkit.server.ConsulExtension} in a JUnit class, {@link
 * dev.rollcall.testkit.server.TestCertificate} for TLS.
 *
 * <p>Runs on Linux and macOS: signals are sent with the POSIX shell. Nothing here needs root, opens
 * a port beyond loopback or installs anything.
 */
@NullMarked
package dev.rollcall.testkit.server;

import org.jspecify.annotations.NullMarked;
