package io.millrace.metadata.controller;

import io.millrace.metadata.image.MetadataImage;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * One request on its way through the controller: decided over an image, decided again over a later
 * one when the write met a change it did not know of.
 */
final class Operation<R> {

  private final String name;
  private final Function<MetadataImage, ControlDecision<R>> decide;
  private final BiFunction<R, Long, R> atCommit;
  private final CompletableFuture<Reply<R>> answer = new CompletableFuture<>();
  private int attempts;

  Operation(String name, Function<MetadataImage, ControlDecision<R>> decide) {
    this(name, decide, (response, revision) -> response);
  }

  /**
   * @param atCommit completes the answer with the revision that was written
   */
  Operation(
      String name,
      Function<MetadataImage, ControlDecision<R>> decide,
      BiFunction<R, Long, R> atCommit) {
    this.name = name;
    this.decide = decide;
    this.atCommit = atCommit;
  }

  String name() {
    return name;
  }

  CompletableFuture<Reply<R>> answer() {
    return answer;
  }

  int countAttempt() {
    return ++attempts;
  }

  Decided<R> decide(MetadataImage image) {
    return new Decided<>(this, decide.apply(image));
  }

  void fail(Throwable cause) {
    answer.completeExceptionally(cause);
  }

  /** An operation with the decision that is on its way to the log. */
  record Decided<R>(Operation<R> operation, ControlDecision<R> decision) {
    void committed(long revision) {
      operation.answer.complete(
          new Reply<>(operation.atCommit.apply(decision.response(), revision), revision));
    }
  }
}
