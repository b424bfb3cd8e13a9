package io.millrace.server.handler;

import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.AllocateProducerIds;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * Hands out producer ids from blocks that the controller gives this broker. Ids of a block that is
 * not used up are lost with the process; there are enough. Any thread; the lock is held for a few
 * instructions.
 */
final class ProducerIds {

  /** No id could be had; the message says why. */
  static final class UnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
      super(message);
    }
  }

  private final MetadataClient metadata;
  private final Queue<CompletableFuture<Long>> waiting = new ArrayDeque<>();
  private long next;
  private long end;
  private boolean asking;

  ProducerIds(MetadataClient metadata) {
    this.metadata = metadata;
  }

  /** An id that nobody else has; fails with {@link UnavailableException}. */
  CompletableFuture<Long> next() {
    CompletableFuture<Long> mine;
    synchronized (this) {
      if (next < end) {
        return CompletableFuture.completedFuture(next++);
      }
      mine = new CompletableFuture<>();
      waiting.add(mine);
      if (asking) {
        return mine;
      }
      asking = true;
    }
    ask();
    return mine;
  }

  private void ask() {
    metadata
        .allocateProducerIds()
        .whenComplete(
            (response, failure) -> {
              if (failure != null) {
                failAll(String.valueOf(failure.getMessage()));
              } else if (!response.result().isOk()) {
                failAll(String.valueOf(response.result().message()));
              } else {
                serve(response);
              }
            });
  }

  private void serve(AllocateProducerIds.Response block) {
    Queue<Runnable> completions = new ArrayDeque<>();
    boolean askAgain;
    synchronized (this) {
      next = block.first();
      end = block.first() + block.count();
      while (next < end && !waiting.isEmpty()) {
        CompletableFuture<Long> one = waiting.remove();
        long id = next++;
        completions.add(() -> one.complete(id));
      }
      askAgain = !waiting.isEmpty() && block.count() > 0;
      asking = askAgain;
    }
    completions.forEach(Runnable::run);
    if (askAgain) {
      ask();
    }
  }

  private void failAll(String reason) {
    Queue<CompletableFuture<Long>> failed;
    synchronized (this) {
      asking = false;
      failed = new ArrayDeque<>(waiting);
      waiting.clear();
    }
    failed.forEach(one -> one.completeExceptionally(new UnavailableException(reason)));
  }
}
