package dev.rollcall.server;

/**
 * The two budgets of memory that clients have.
 *
 * @param kept what stays until it is deregistered: services, nodes, checks with what they say,
 *     keys, sessions
 * @param underWay what ends with a request: the request with its body, its wait, its stream, and
 *     the answer that is being sent
 * @since 0.1.0
 */
public record ClientMemory(MemoryBudget kept, MemoryBudget underWay) {
  static ClientMemory of(CentreLimits limits) {
    return new ClientMemory(
        new MemoryBudget("memory for what is registered", limits.keptBytesByClient()),
        new MemoryBudget("memory for requests under way", limits.underWayBytesByClient()));
  }
}
