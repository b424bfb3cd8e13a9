package io.millrace.client;

import org.jspecify.annotations.Nullable;

/** Told once about the end of a send. Runs on the producer's loop: be short and never block. */
@FunctionalInterface
public interface SendCallback {

  /** Exactly one of the two is null. */
  void onCompletion(@Nullable RecordMetadata metadata, @Nullable MillraceException failure);
}
