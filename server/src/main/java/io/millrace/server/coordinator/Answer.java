package io.millrace.server.coordinator;

import java.util.concurrent.CompletableFuture;

/**
 * Where one request waits for its answer. A shard gives the answer in a {@link CoordinatorTurn}
 * (that of the request, or a later one); the runtime lets it out when the state it speaks of is
 * committed.
 */
public final class Answer<T> {
  private final CompletableFuture<T> future = new CompletableFuture<>();

  CompletableFuture<T> future() {
    return future;
  }
}
