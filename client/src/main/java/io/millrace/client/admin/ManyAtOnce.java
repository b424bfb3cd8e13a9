package io.millrace.client.admin;

import io.millrace.client.MillraceException;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.Failures;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ResponseMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * One operation on several resources: a request for those that have no result yet, and another for
 * those whose failure may pass, until the time is over. Runs on the client's loop.
 *
 * @param <K> names a resource
 * @param <T> its result
 */
final class ManyAtOnce<K, T> {

  private final ClusterClient cluster;
  private final String operation;
  private final Function<List<K>, CompletableFuture<ResponseMessage>> send;
  private final BiConsumer<ResponseMessage, ManyAtOnce<K, T>> read;
  private final long deadlineNanos;
  private final Map<K, CompletableFuture<T>> results = new LinkedHashMap<>();
  private final Set<K> mentioned = new HashSet<>();
  private int rounds;

  private ManyAtOnce(
      ClusterClient cluster,
      String operation,
      Collection<K> keys,
      long timeoutNanos,
      Function<List<K>, CompletableFuture<ResponseMessage>> send,
      BiConsumer<ResponseMessage, ManyAtOnce<K, T>> read) {
    this.cluster = cluster;
    this.operation = operation;
    this.send = send;
    this.read = read;
    this.deadlineNanos = cluster.clock().monotonicNanos() + timeoutNanos;
    keys.forEach(key -> results.put(key, new CompletableFuture<>()));
  }

  /**
   * Starts; any thread.
   *
   * @param send makes and sends the request for these resources
   * @param read calls {@link #succeeded} or {@link #failed} for each resource in the answer
   */
  static <K, T> Map<K, CompletableFuture<T>> run(
      ClusterClient cluster,
      String operation,
      Collection<K> keys,
      long timeoutNanos,
      Function<List<K>, CompletableFuture<ResponseMessage>> send,
      BiConsumer<ResponseMessage, ManyAtOnce<K, T>> read) {
    ManyAtOnce<K, T> many = new ManyAtOnce<>(cluster, operation, keys, timeoutNanos, send, read);
    Map<K, CompletableFuture<T>> results = Map.copyOf(many.results);
    boolean started =
        cluster.runOnLoop(
            () -> {
              results.values().forEach(cluster::failOnClose);
              many.round();
            });
    if (!started) {
      results.values().forEach(result -> result.completeExceptionally(Failures.closed()));
    }
    return results;
  }

  void succeeded(K key, T value) {
    mentioned.add(key);
    CompletableFuture<T> result = results.get(key);
    if (result != null) {
      result.complete(value);
    }
  }

  /** Fails the resource, or lets it have another round. */
  void failed(K key, MillraceException reason) {
    mentioned.add(key);
    CompletableFuture<T> result = results.get(key);
    boolean isOver = deadlineNanos - cluster.clock().monotonicNanos() <= 0;
    if (result != null && (isOver || !reason.isRetriable())) {
      result.completeExceptionally(reason);
    }
  }

  private void round() {
    rounds++;
    List<K> open = open();
    if (open.isEmpty()) {
      return;
    }
    CompletableFuture<ResponseMessage> under;
    try {
      under = send.apply(open);
    } catch (RuntimeException broken) {
      under = CompletableFuture.failedFuture(broken);
    }
    under.whenComplete(
        (answer, failure) -> {
          if (failure != null || answer == null) {
            MillraceException reason = failure == null ? Failures.closed() : Failures.of(failure);
            open.forEach(key -> failed(key, reason));
          } else {
            mentioned.clear();
            read.accept(answer, this);
            open.stream().filter(key -> !mentioned.contains(key)).forEach(this::leftOut);
          }
          again();
        });
  }

  private void leftOut(K key) {
    failed(
        key,
        new MillraceException(
            ErrorCode.UNKNOWN_SERVER_ERROR, operation + ": the broker's answer leaves out " + key));
  }

  private List<K> open() {
    List<K> open = new ArrayList<>();
    results.forEach(
        (key, result) -> {
          if (!result.isDone()) {
            open.add(key);
          }
        });
    return open;
  }

  private void again() {
    if (!open().isEmpty() && !cluster.isClosed()) {
      cluster.refresh();
      cluster.loop().schedule(this::round, cluster.backoffNanos(rounds));
    }
  }
}
