package io.millrace.client.producer;

import io.millrace.client.MillraceException;
import io.millrace.client.Partitioner;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.TopicView;
import io.millrace.client.cluster.TopicView.PartitionView;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the partition of each record of one topic. Records wait here, in order, while the topic
 * is not known. Records that leave the choice to us go to one sticky partition until its batch is
 * full, then to another, so that batches fill.
 */
@ConfinedTo("the producer's loop")
final class TopicRouter {

  private static final int NONE = -1;

  /**
   * How long a record may name a partition that the topic does not have, which may just have been
   * added.
   */
  private static final long NEW_PARTITION_NANOS = 3_000_000_000L;

  private final String topic;
  private final Partitioner partitioner;
  private final SplittableRandom random;
  private final long maxWaitNanos;
  private final Deque<PendingRecord> waiting = new ArrayDeque<>();
  private int sticky = NONE;

  /** Takes records that were routed, and those that cannot be. */
  interface Target {

    /**
     * @return whether the partition's batch is full now
     */
    boolean accept(PendingRecord record, int partition);

    void refuse(PendingRecord record, MillraceException reason);
  }

  TopicRouter(String topic, Partitioner partitioner, SplittableRandom random, long maxWaitNanos) {
    this.topic = topic;
    this.partitioner = partitioner;
    this.random = random;
    this.maxWaitNanos = maxWaitNanos;
  }

  boolean hasWaiting() {
    return !waiting.isEmpty();
  }

  /** What waits, for a flush. */
  List<PendingRecord> waiting() {
    return List.copyOf(waiting);
  }

  /** When {@link #expire} has something to do. */
  long expiresAtNanos() {
    PendingRecord first = waiting.peekFirst();
    return first == null ? Long.MAX_VALUE : first.handedOverNanos + maxWaitNanos;
  }

  /** Routes a record, or lets it wait. */
  void route(PendingRecord record, ClusterView view, Target target, long nowNanos) {
    if (!waiting.isEmpty() || !tryRoute(record, view, target, nowNanos)) {
      waiting.add(record);
    }
  }

  /** Routes what waits, as far as the picture allows. */
  void routeWaiting(ClusterView view, Target target, long nowNanos) {
    while (!waiting.isEmpty() && tryRoute(waiting.getFirst(), view, target, nowNanos)) {
      waiting.removeFirst();
    }
  }

  /** Refuses what waited too long. */
  void expire(ClusterView view, Target target, long nowNanos) {
    while (!waiting.isEmpty()
        && nowNanos - waiting.getFirst().handedOverNanos - maxWaitNanos >= 0) {
      target.refuse(waiting.removeFirst(), notKnown(view));
    }
  }

  private MillraceException notKnown(ClusterView view) {
    TopicView known = view.topic(topic);
    ErrorCode error = known == null ? ErrorCode.REQUEST_TIMED_OUT : known.error();
    String reason =
        known == null
            ? "no broker answered a question for metadata"
            : "brokers say " + error + " (" + error.message() + ")";
    return new MillraceException(
        error == ErrorCode.NONE ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : error,
        "topic '"
            + topic
            + "' was not usable within max.block.ms="
            + maxWaitNanos / 1_000_000
            + ": "
            + reason);
  }

  /** Refuses everything. */
  void failAll(Target target, MillraceException reason) {
    while (!waiting.isEmpty()) {
      target.refuse(waiting.removeFirst(), reason);
    }
  }

  private boolean tryRoute(PendingRecord record, ClusterView view, Target target, long nowNanos) {
    TopicView known = view.topic(topic);
    if (known == null || !known.isUsable()) {
      boolean isHopeless =
          known != null && known.error() != ErrorCode.NONE && !known.error().isRetriable();
      if (known != null && isHopeless) {
        target.refuse(
            record,
            new MillraceException(
                known.error(), "topic '" + topic + "' cannot be used: " + known.error().message()));
      }
      return isHopeless;
    }
    if (record.partition >= known.partitionCount()) {
      if (nowNanos - record.handedOverNanos < Math.min(NEW_PARTITION_NANOS, maxWaitNanos)) {
        return false;
      }
      target.refuse(record, noSuchPartition(record.partition, known));
      return true;
    }
    send(record, known, target);
    return true;
  }

  private MillraceException noSuchPartition(int partition, TopicView known) {
    return new MillraceException(
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        "topic '"
            + topic
            + "' has partitions 0 to "
            + (known.partitionCount() - 1)
            + ", not "
            + partition);
  }

  private void send(PendingRecord record, TopicView known, Target target) {
    if (record.partition != PendingRecord.NO_PARTITION) {
      target.accept(record, record.partition);
      return;
    }
    int chosen;
    try {
      chosen = partitioner.partition(topic, record.key, record.value, known.partitionCount());
    } catch (RuntimeException broken) {
      target.refuse(
          record,
          new MillraceException(
              ErrorCode.UNKNOWN_SERVER_ERROR,
              "the partitioner failed for topic '" + topic + "'",
              broken));
      return;
    }
    if (chosen == Partitioner.ANY) {
      if (sticky == NONE || sticky >= known.partitionCount()) {
        sticky = chooseSticky(known);
      }
      record.partition = sticky;
      if (target.accept(record, sticky)) {
        sticky = NONE;
      }
    } else if (chosen < 0 || chosen >= known.partitionCount()) {
      target.refuse(record, noSuchPartition(chosen, known));
    } else {
      record.partition = chosen;
      target.accept(record, chosen);
    }
  }

  /** The next records without a choice go elsewhere: the sticky partition's batch was sent. */
  void batchLeft(int partition) {
    if (partition == sticky) {
      sticky = NONE;
    }
  }

  private int chooseSticky(TopicView known) {
    List<PartitionView> led = new ArrayList<>();
    for (PartitionView partition : known.partitions()) {
      if (partition.leader() != TopicView.NO_LEADER) {
        led.add(partition);
      }
    }
    @Nullable PartitionView any = led.isEmpty() ? null : led.get(random.nextInt(led.size()));
    return any == null ? random.nextInt(known.partitionCount()) : any.partition();
  }
}
