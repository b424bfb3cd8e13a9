package io.millrace.client;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** Takes single results out of those of many. Pure. */
final class Results {

  private Results() {}

  static <K, T> CompletableFuture<T> only(Map<K, CompletableFuture<T>> results, K key) {
    return Objects.requireNonNull(results.get(key), "no result");
  }
}
