/** Two gRPC services that find each other: {@link dev.rollcall.examples.grpc.Shop}. */
@NullMarked
package dev.rollcall.examples.grpc;

import org.jspecify.annotations.NullMarked;
