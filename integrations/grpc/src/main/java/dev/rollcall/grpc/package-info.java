/**
 * gRPC channels that find their servers in a registry, and gRPC servers that register there.
 *
 * <p>Start at {@link dev.rollcall.grpc.RollcallGrpc} for clients, at {@link
 * dev.rollcall.grpc.GrpcRegistration} for servers. It needs gRPC 1.71 or newer, with any of its
 * transports.
 */
@NullMarked
package dev.rollcall.grpc;

import org.jspecify.annotations.NullMarked;
