package io.millrace.tools;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.WakeupException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Commits what a member of a group has printed, and where it began on partitions that brought
 * nothing, so that the next member misses nothing of those. Records that were fetched but not
 * printed, as behind {@code --max-messages} or a pipe that broke, are for the next member. Main
 * thread.
 */
final class PrintedOffsets implements RebalanceListener {

  private static final long INTERVAL_NANOS = 1_000_000_000L;
  private static final long IDLE_INTERVAL_NANOS = 5_000_000_000L;

  private final Consumer<byte[], byte[]> consumer;
  private final String group;
  private final Console console;
  private final boolean commits;
  private final LongSupplier nanos;
  private final Map<TopicPartition, OffsetAndMetadata> written = new HashMap<>();

  /** What is out and not known to be committed, but for what is on its way. */
  private final Map<TopicPartition, OffsetAndMetadata> flushed = new HashMap<>();

  /** What the last commit that nobody waited for has of it. */
  private final Map<TopicPartition, OffsetAndMetadata> sent = new HashMap<>();

  private CompletableFuture<Void> sending = CompletableFuture.completedFuture(null);
  private long lastCommitNanos;

  /** The consumer has handed over records that are not out. */
  private boolean isBehind;

  private boolean hasJoined;

  /**
   * @param commits false to commit nothing at all
   */
  PrintedOffsets(
      Consumer<byte[], byte[]> consumer,
      String group,
      Console console,
      boolean commits,
      LongSupplier nanos) {
    this.consumer = consumer;
    this.group = group;
    this.console = console;
    this.commits = commits;
    this.nanos = nanos;
    this.lastCommitNanos = nanos.getAsLong();
  }

  /** Whether the member has had partitions. */
  boolean hasJoined() {
    return hasJoined;
  }

  /** The consumer has handed over records; not all may be written. */
  void received() {
    isBehind = true;
  }

  /** A record has been written, perhaps not yet to the reader's end of the pipe. */
  void written(ConsumerRecord<byte[], byte[]> record) {
    written.put(
        record.topicPartition(),
        new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""));
  }

  /**
   * All that was written is out. Commits every second.
   *
   * @param all whether that is all that the consumer has handed over
   */
  void flushed(boolean all) {
    isBehind = !all;
    flushed.putAll(written);
    written.clear();
    if (commits && nanos.getAsLong() - lastCommitNanos >= INTERVAL_NANOS) {
      takeBack();
      if (!flushed.isEmpty()) {
        send(consumer.commitAsync(Map.copyOf(flushed)));
      }
    }
  }

  /** There was nothing to print, all before is out. Commits every five seconds. */
  void idle() {
    if (commits && nanos.getAsLong() - lastCommitNanos >= IDLE_INTERVAL_NANOS) {
      takeBack();
      send(consumer.commitAsync());
    }
  }

  private void send(CompletableFuture<Void> commit) {
    lastCommitNanos = nanos.getAsLong();
    sent.putAll(flushed);
    flushed.clear();
    sending = commit;
    commit.exceptionally(
        failure -> {
          warn(String.valueOf(failure.getMessage()));
          return null;
        });
  }

  /** A commit that failed, or that is not answered yet, is made again with the next. */
  private void takeBack() {
    if (!sending.isDone() || sending.isCompletedExceptionally()) {
      sent.forEach(flushed::putIfAbsent);
    }
    sent.clear();
  }

  /** Commits the rest, and waits for that. */
  void commit() {
    takeBack();
    if (!commits || (isBehind && flushed.isEmpty())) {
      return;
    }
    try {
      commitEvenIfWoken();
      flushed.clear();
    } catch (MillraceException e) {
      warn(String.valueOf(e.getMessage()));
    }
  }

  /** Ctrl-C wakes the consumer once, whatever it does; a commit is still to be made then. */
  private void commitEvenIfWoken() {
    try {
      commitNow();
    } catch (WakeupException woken) {
      commitNow();
    }
  }

  private void commitNow() {
    if (isBehind) {
      consumer.commitSync(Map.copyOf(flushed));
    } else {
      consumer.commitSync();
    }
  }

  private void warn(String reason) {
    console
        .err()
        .println(
            "millrace: the last records printed are not committed, the group will see them again: "
                + reason);
  }

  @Override
  public void onAssigned(Collection<TopicPartition> partitions) {
    if (!partitions.isEmpty()) {
      hasJoined = true;
      console
          .err()
          .println(
              "millrace: reads " + GroupText.partitions(partitions) + " as a member of " + group);
    }
  }

  @Override
  public void onRevoked(Collection<TopicPartition> partitions) {
    commit();
    partitions.forEach(this::forget);
  }

  @Override
  public void onLost(Collection<TopicPartition> partitions) {
    partitions.forEach(this::forget);
    console
        .err()
        .println(
            "millrace: group "
                + group
                + " went on without this member, who was silent for too long; it joins again");
  }

  private void forget(TopicPartition partition) {
    flushed.remove(partition);
    sent.remove(partition);
  }
}
