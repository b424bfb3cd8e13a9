package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tools.system.MemberEvent.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.TopicPartition;

/**
 * Asks for a group's committed offsets again and again, through whatever happens, on a thread of
 * its own: they never go back, and are never behind what a member was told is committed.
 */
final class CommitWatch implements AutoCloseable {

  private final ProcessCluster cluster;
  private final String group;
  private final GroupLedger ledger;
  private final List<String> wrong = new CopyOnWriteArrayList<>();
  private final Map<TopicPartition, Long> seen = new HashMap<>();
  private final Thread thread;
  private final AtomicInteger answers = new AtomicInteger();
  private volatile boolean stopped;

  CommitWatch(ProcessCluster cluster, String group, GroupLedger ledger) {
    this.cluster = cluster;
    this.group = group;
    this.ledger = ledger;
    thread = new Thread(this::run, "watch-" + group);
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    while (!stopped) {
      try {
        look();
      } catch (ExecutionException e) {
        // nobody coordinates just now
      } catch (InterruptedException e) {
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
  }

  private void look() throws ExecutionException, InterruptedException {
    Map<TopicPartition, Long> acknowledged = ledger.reach(Kind.COMMITTED);
    Map<TopicPartition, Long> now = GroupClusters.committed(cluster, group);
    acknowledged.forEach(
        (partition, offset) -> {
          if (now.getOrDefault(partition, 0L) < offset) {
            wrong.add(partition + " is at " + now.get(partition) + ", acknowledged was " + offset);
          }
        });
    seen.forEach(
        (partition, offset) -> {
          if (now.getOrDefault(partition, 0L) < offset) {
            wrong.add(partition + " went back from " + offset + " to " + now.get(partition));
          }
        });
    seen.putAll(now);
    answers.incrementAndGet();
  }

  void verify() {
    close();
    assertThat(answers.get()).as("looks at what %s committed", group).isPositive();
    assertThat(wrong).as("committed offsets of %s\n%s", group, ledger.tail()).isEmpty();
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join(15_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
