package io.millrace.server.coordinator;

/**
 * A request to a shard. It either answers in its turn, or keeps the {@link Answer} for a later one.
 */
@FunctionalInterface
public interface CoordinatorOperation<S, R, T> {
  void run(S shard, CoordinatorTurn<R> turn, Answer<T> answer);
}
