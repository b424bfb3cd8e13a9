package io.millrace.client.cluster;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.client.network.Failures;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Asks the leaders of partitions; one request per leader and round, and another round for
 * partitions that are still open, because their leader was not the right one or has not said all,
 * until the time is over. Runs on the client's loop.
 *
 * @param <T> what is asked of a partition
 */
public final class LeaderRounds<T> {
  private final ClusterClient cluster;
  private final Question<T> question;
  private final long deadlineNanos;
  private final Map<TopicPartition, CompletableFuture<T>> results = new LinkedHashMap<>();
  private int pauses;

  /**
   * What is asked of a leader.
   *
   * @param <T> what is asked of a partition
   */
  public interface Question<T> {
    /**
     * Asks about some partitions, in the order in which they were given, and tells the rounds what
     * was said of each: {@link #complete}, {@link #refuse}, or nothing, for another round.
     *
     * @return whether a further round may follow at once; a failure refuses all
     */
    CompletableFuture<Boolean> ask(
        LeaderRounds<T> rounds,
        int leader,
        List<TopicPartition> partitions,
        ClusterView view,
        long timeoutNanos);
  }

  private LeaderRounds(
      ClusterClient cluster,
      Collection<TopicPartition> partitions,
      long timeoutNanos,
      Question<T> question) {
    this.cluster = cluster;
    this.question = question;
    this.deadlineNanos = cluster.clock().monotonicNanos() + timeoutNanos;
    partitions.forEach(partition -> results.put(partition, new CompletableFuture<>()));
  }

  /** Starts; any thread. Each partition has its own result. */
  public static <T> Map<TopicPartition, CompletableFuture<T>> run(
      ClusterClient cluster,
      Collection<TopicPartition> partitions,
      long timeoutNanos,
      Question<T> question) {
    LeaderRounds<T> rounds = new LeaderRounds<>(cluster, partitions, timeoutNanos, question);
    Map<TopicPartition, CompletableFuture<T>> results = Map.copyOf(rounds.results);
    boolean started =
        cluster.runOnLoop(
            () -> {
              results.values().forEach(cluster::failOnClose);
              rounds.round();
            });
    if (!started) {
      results.values().forEach(result -> result.completeExceptionally(Failures.closed()));
    }
    return results;
  }

  private void round() {
    ClusterView view = cluster.view();
    Map<Integer, List<TopicPartition>> byLeader = new HashMap<>();
    List<TopicPartition> homeless = new ArrayList<>();
    results.forEach(
        (partition, result) -> {
          if (!result.isDone()) {
            cluster.track(partition.topic());
            BrokerInfo leader = view.leaderOf(partition);
            if (leader == null) {
              homeless.add(partition);
            } else {
              byLeader.computeIfAbsent(leader.id(), id -> new ArrayList<>()).add(partition);
            }
          }
        });
    List<CompletableFuture<Boolean>> answers = new ArrayList<>();
    byLeader.forEach((leader, partitions) -> answers.add(ask(leader, partitions, view)));
    homeless.forEach(partition -> refuse(partition, whyHomeless(partition, view)));
    CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
        .thenRun(
            () ->
                roundEnded(
                    homeless.isEmpty() && answers.stream().allMatch(CompletableFuture::join)));
  }

  private CompletableFuture<Boolean> ask(
      int leader, List<TopicPartition> partitions, ClusterView view) {
    long left = deadlineNanos - cluster.clock().monotonicNanos();
    long timeout = Math.max(1_000_000, Math.min(left, cluster.config().requestTimeout().toNanos()));
    return question
        .ask(this, leader, partitions, view, timeout)
        .exceptionally(
            failure -> {
              MillraceException reason = Failures.of(failure);
              partitions.forEach(partition -> refuse(partition, reason));
              return false;
            });
  }

  private static MillraceException whyHomeless(TopicPartition partition, ClusterView view) {
    TopicView topic = view.topic(partition.topic());
    if (topic != null && topic.error() != ErrorCode.NONE) {
      return new MillraceException(
          topic.error(), "topic '" + partition.topic() + "': " + topic.error().message());
    }
    if (topic != null && partition.partition() >= topic.partitionCount()) {
      return new MillraceException(
          ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          "topic '"
              + partition.topic()
              + "' has partitions 0 to "
              + (topic.partitionCount() - 1)
              + ", not "
              + partition.partition());
    }
    return new MillraceException(
        ErrorCode.LEADER_NOT_AVAILABLE, "no leader is known for " + partition);
  }

  private void roundEnded(boolean atOnce) {
    boolean isDone = results.values().stream().allMatch(CompletableFuture::isDone);
    if (isDone || cluster.isClosed()) {
      return;
    }
    boolean isOver = deadlineNanos - cluster.clock().monotonicNanos() <= 0;
    if (isOver) {
      MillraceException reason =
          new MillraceException(ErrorCode.REQUEST_TIMED_OUT, "not all was said in time");
      results.keySet().forEach(partition -> fail(partition, reason));
    } else if (atOnce) {
      round();
    } else {
      pauses++;
      cluster.refresh();
      cluster.loop().schedule(this::round, cluster.backoffNanos(pauses));
    }
  }

  // what a question tells

  /** What was asked is known. */
  public void complete(TopicPartition partition, T value) {
    CompletableFuture<T> result = results.get(partition);
    if (result != null) {
      result.complete(value);
    }
  }

  /** Fails the partition unless another round may help. */
  public void refuse(TopicPartition partition, MillraceException reason) {
    boolean isOver = deadlineNanos - cluster.clock().monotonicNanos() <= 0;
    if (isOver || !reason.isRetriable()) {
      fail(partition, reason);
    }
  }

  /** Fails the partition for good. */
  public void fail(TopicPartition partition, MillraceException reason) {
    CompletableFuture<T> result = results.get(partition);
    if (result != null) {
      result.completeExceptionally(reason);
    }
  }
}
