package io.millrace.client.consumer;

import io.millrace.client.TopicPartition;
import io.millrace.client.group.GroupEvent.Reconcile;
import io.millrace.client.group.GroupPartition;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One change of what this member reads, step by step. Waits for work in hand for half the rebalance
 * timeout at most, and for the commit for what is left of three quarters of it, so that the
 * coordinator hears of it in time. Guarded by the consumer's lock.
 */
final class RebalanceRound {

  private static final Logger LOG = LoggerFactory.getLogger(RebalanceRound.class);

  private final Reconcile wanted;
  private final GroupReader reader;
  private final Set<TopicPartition> revoked;
  private final long begunNanos;
  private @Nullable CompletableFuture<Void> quiet;
  private @Nullable CompletableFuture<Void> commit;

  RebalanceRound(Reconcile wanted, GroupReader reader) {
    this.wanted = wanted;
    this.reader = reader;
    this.revoked = names(wanted.revoked());
    this.begunNanos = reader.now();
  }

  private static Set<TopicPartition> names(Collection<GroupPartition> partitions) {
    Set<TopicPartition> names = new LinkedHashSet<>();
    partitions.forEach(each -> names.add(each.partition()));
    return Collections.unmodifiableSet(names);
  }

  /**
   * Goes on as far as it can.
   *
   * @return whether the round is over; else it is to be called again, and sees to that
   */
  boolean proceed() {
    if (!revoked.isEmpty() && !(isQuiet() && isCommitted())) {
      return false;
    }
    if (!revoked.isEmpty()) {
      reader.tell(listener -> listener.onRevoked(revoked));
    }
    if (reader.isLost()) {
      return true; // everything is gone, and the event that says so comes next
    }
    Set<TopicPartition> added = names(wanted.added());
    reader.assignment().change(revoked, added);
    if (!added.isEmpty()) {
      reader.tell(listener -> listener.onAssigned(added));
    }
    reader.acknowledge(wanted.round());
    return true;
  }

  private boolean isQuiet() {
    CompletableFuture<Void> under = quiet;
    if (under == null) {
      for (PartitionCursor cursor : reader.assignment().cursors()) {
        cursor.revoking |= revoked.contains(cursor.partition);
      }
      under = reader.progress().quiesce(revoked);
      quiet = under;
      reader.lookAgainAfter(under);
    }
    return isOver(under, reader.rebalanceNanos() / 2, "records are still being worked on");
  }

  private boolean isCommitted() {
    if (!reader.commitsByItself()) {
      return true;
    }
    CompletableFuture<Void> under = commit;
    long most = reader.rebalanceNanos() * 3 / 4;
    if (under == null) {
      long left = begunNanos + most - reader.now();
      under = reader.commit(reader.news(revoked), left);
      commit = under;
      reader.lookAgainAfter(under);
    }
    if (!isOver(under, most, "the commit is still under way")) {
      return false;
    }
    if (under.isCompletedExceptionally()) {
      LOG.warn("given up without a commit partitions={}", revoked);
    }
    return true;
  }

  private boolean isOver(CompletableFuture<Void> under, long mostNanos, String what) {
    if (under.isDone()) {
      return true;
    }
    long left = begunNanos + mostNanos - reader.now();
    if (left > 0) {
      reader.lookAgainIn(left);
      return false;
    }
    LOG.warn("partitions are given up although {} partitions={}", what, revoked);
    return true;
  }
}
