/** The look-ups of other libraries, each driven through its public path. */
package dev.rollcall.bench.peers;
