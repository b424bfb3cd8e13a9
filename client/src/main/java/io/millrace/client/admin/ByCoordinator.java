package io.millrace.client.admin;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.admin.CoordinatorsOfGroups.Found;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.Failures;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One operation on several groups: finds their coordinators with one request, asks each coordinator
 * once for all groups it has, and goes another round with those whose failure may pass (a
 * coordinator moves, loads, or is not there yet), until the time is over. Runs on the client's
 * loop.
 *
 * @param <T> a group's result
 */
final class ByCoordinator<T> {

  private final ClusterClient cluster;
  private final String operation;
  private final Question<T> question;
  private final long deadlineNanos;
  private final Map<String, CompletableFuture<T>> results = new LinkedHashMap<>();
  private int rounds;

  /**
   * What is asked of a coordinator.
   *
   * @param <T> a group's result
   */
  interface Question<T> {
    /** Asks about some groups; a group that the answer leaves out has failed. */
    CompletableFuture<Map<String, Outcome<T>>> ask(
        BrokerInfo coordinator, List<String> groups, long timeoutNanos);
  }

  /** A group's result, or why there is none: one of the two is null. */
  record Outcome<T>(@Nullable T value, @Nullable MillraceException failure) {
    static <T> Outcome<T> of(T value) {
      return new Outcome<>(value, null);
    }

    static <T> Outcome<T> failed(MillraceException failure) {
      return new Outcome<>(null, failure);
    }
  }

  private ByCoordinator(
      ClusterClient cluster,
      String operation,
      Collection<String> groups,
      long timeoutNanos,
      Question<T> question) {
    this.cluster = cluster;
    this.operation = operation;
    this.question = question;
    this.deadlineNanos = cluster.clock().monotonicNanos() + timeoutNanos;
    groups.forEach(group -> results.put(group, new CompletableFuture<>()));
  }

  /**
   * Starts; any thread.
   *
   * @param operation for messages
   */
  static <T> Map<String, CompletableFuture<T>> run(
      ClusterClient cluster,
      String operation,
      Collection<String> groups,
      long timeoutNanos,
      Question<T> question) {
    ByCoordinator<T> all = new ByCoordinator<>(cluster, operation, groups, timeoutNanos, question);
    Map<String, CompletableFuture<T>> results = Map.copyOf(all.results);
    boolean started =
        cluster.runOnLoop(
            () -> {
              results.values().forEach(cluster::failOnClose);
              all.round();
            });
    if (!started) {
      results.values().forEach(result -> result.completeExceptionally(Failures.closed()));
    }
    return results;
  }

  private void round() {
    rounds++;
    List<String> open = open();
    if (open.isEmpty()) {
      return;
    }
    CoordinatorsOfGroups.groups(cluster, open, requestNanos())
        .whenComplete(
            (found, failure) -> {
              if (found == null) {
                failAll(open, failure);
                again();
              } else {
                askAll(found);
              }
            });
  }

  private void askAll(Map<String, Found> found) {
    Map<BrokerInfo, List<String>> byCoordinator = new LinkedHashMap<>();
    found.forEach(
        (group, each) -> {
          BrokerInfo coordinator = each.coordinator();
          if (coordinator != null) {
            byCoordinator.computeIfAbsent(coordinator, broker -> new ArrayList<>()).add(group);
          } else {
            failed(group, each.failure() == null ? Failures.closed() : each.failure());
          }
        });
    List<CompletableFuture<?>> asked = new ArrayList<>();
    byCoordinator.forEach((broker, groups) -> asked.add(ask(broker, groups)));
    CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
        .whenComplete((all, failure) -> again());
  }

  private CompletableFuture<?> ask(BrokerInfo coordinator, List<String> groups) {
    CompletableFuture<Map<String, Outcome<T>>> under;
    try {
      under = question.ask(coordinator, groups, requestNanos());
    } catch (RuntimeException broken) {
      under = CompletableFuture.failedFuture(broken);
    }
    return under.whenComplete(
        (outcomes, failure) -> {
          if (outcomes == null) {
            failAll(groups, failure);
          } else {
            groups.forEach(group -> settle(group, outcomes.get(group)));
          }
        });
  }

  private void settle(String group, @Nullable Outcome<T> outcome) {
    if (outcome == null) {
      failed(
          group,
          new MillraceException(
              ErrorCode.UNKNOWN_SERVER_ERROR,
              operation + ": the broker's answer leaves out group '" + group + "'"));
      return;
    }
    MillraceException failure = outcome.failure();
    CompletableFuture<T> result = results.get(group);
    if (failure != null) {
      failed(group, failure);
    } else if (result != null) {
      complete(result, outcome);
    }
  }

  @SuppressWarnings("NullAway") // Void has no other value
  private static <T> void complete(CompletableFuture<T> result, Outcome<T> outcome) {
    result.complete(outcome.value());
  }

  private void failAll(List<String> groups, @Nullable Throwable failure) {
    MillraceException reason = failure == null ? Failures.closed() : Failures.of(failure);
    groups.forEach(group -> failed(group, reason));
  }

  /** Fails the group, or lets it have another round. */
  private void failed(String group, MillraceException reason) {
    CompletableFuture<T> result = results.get(group);
    boolean isOver = deadlineNanos - cluster.clock().monotonicNanos() <= 0;
    if (result != null && (isOver || !reason.isRetriable())) {
      result.completeExceptionally(reason);
    }
  }

  private List<String> open() {
    List<String> open = new ArrayList<>();
    results.forEach(
        (group, result) -> {
          if (!result.isDone()) {
            open.add(group);
          }
        });
    return open;
  }

  private void again() {
    if (!open().isEmpty() && !cluster.isClosed()) {
      cluster.loop().schedule(this::round, cluster.backoffNanos(rounds));
    }
  }

  private long requestNanos() {
    long left = deadlineNanos - cluster.clock().monotonicNanos();
    return Math.max(1_000_000, Math.min(left, cluster.config().requestTimeout().toNanos()));
  }
}
