package io.millrace.client.group;

import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.CoordinatorLookup;
import io.millrace.client.network.Failures;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.ResponseMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits offsets in the order in which it was asked to: one request is under way at most, and what
 * comes meanwhile goes together in the next one, the newer offset of a partition over the older. So
 * a repeat never puts an older offset over a newer one. Repeats what may pass, until the commit's
 * time is over; never commits for a membership that is over.
 */
@ConfinedTo("the consumer's loop")
final class OffsetCommitter {

  private static final Logger LOG = LoggerFactory.getLogger(OffsetCommitter.class);

  private final ClusterClient cluster;
  private final CoordinatorLookup coordinators;
  private final Supplier<Identity> identity;
  private final Runnable onDoubt;
  private final List<Commit> waiting = new ArrayList<>();
  private List<Commit> underWay = List.of();
  private long membership;
  private int failures;
  private boolean pausing;

  private record Commit(
      Map<TopicPartition, OffsetAndMetadata> offsets,
      long deadlineNanos,
      CompletableFuture<Void> result) {}

  /**
   * @param identity who commits, as of now; throws when nobody may
   * @param onDoubt the coordinator says that this member is not who it thinks it is
   */
  OffsetCommitter(
      ClusterClient cluster,
      CoordinatorLookup coordinators,
      Supplier<Identity> identity,
      Runnable onDoubt) {
    this.cluster = cluster;
    this.coordinators = coordinators;
    this.identity = identity;
    this.onDoubt = onDoubt;
  }

  /** Commits; the result completes on the loop. */
  void commit(
      Map<TopicPartition, OffsetAndMetadata> offsets,
      long timeoutNanos,
      CompletableFuture<Void> result) {
    assert cluster.loop().owns("commit");
    if (offsets.isEmpty() && waiting.isEmpty() && underWay.isEmpty()) {
      result.complete(null);
      return;
    }
    cluster.failOnClose(result);
    long deadline = cluster.clock().monotonicNanos() + timeoutNanos;
    waiting.add(new Commit(Map.copyOf(offsets), deadline, result));
    next();
  }

  /** The membership in whose name these were is over: they fail, and are never repeated. */
  void membershipLost(MillraceException reason) {
    membership++;
    List<Commit> all = new ArrayList<>(underWay);
    all.addAll(waiting);
    underWay = List.of();
    waiting.clear();
    failures = 0;
    all.forEach(commit -> commit.result().completeExceptionally(reason));
  }

  private void next() {
    if (!underWay.isEmpty() || waiting.isEmpty() || pausing || cluster.isClosed()) {
      return;
    }
    Identity member;
    try {
      member = identity.get();
    } catch (MillraceException notAMember) {
      membershipLost(notAMember);
      return;
    }
    underWay = List.copyOf(waiting);
    waiting.clear();
    Map<TopicPartition, OffsetAndMetadata> merged = new LinkedHashMap<>();
    underWay.forEach(commit -> merged.putAll(commit.offsets()));
    if (merged.isEmpty()) {
      succeed();
      return;
    }
    ClusterView view = cluster.view();
    Map<Uuid, String> names = OffsetMessages.names(merged.keySet(), view);
    long sentFor = membership;
    coordinators
        .send(
            member.groupId(),
            OffsetMessages.commit(member, merged, view),
            OffsetMessages.maxVersion(merged.keySet(), view),
            cluster.config().requestTimeout().toNanos())
        .whenComplete(
            (answer, failure) -> {
              if (sentFor == membership && !cluster.isClosed()) {
                answered(member, merged, names, answer, failure);
              }
            });
  }

  private void answered(
      Identity member,
      Map<TopicPartition, OffsetAndMetadata> merged,
      Map<Uuid, String> names,
      @Nullable ResponseMessage answer,
      @Nullable Throwable failure) {
    if (!(answer instanceof OffsetCommitResponse response)) {
      MillraceException reason = failure == null ? Failures.closed() : Failures.of(failure);
      Map<TopicPartition, MillraceException> all = new LinkedHashMap<>();
      merged.keySet().forEach(partition -> all.put(partition, reason));
      settle(all);
      return;
    }
    Map<TopicPartition, ErrorCode> errors = OffsetMessages.errors(response, names);
    Map<TopicPartition, MillraceException> failed = new LinkedHashMap<>();
    for (TopicPartition partition : merged.keySet()) {
      ErrorCode error = errors.getOrDefault(partition, ErrorCode.UNKNOWN_SERVER_ERROR);
      coordinators.note(member.groupId(), error);
      if (error != ErrorCode.NONE) {
        failed.put(
            partition,
            new MillraceException(
                error,
                "offset of "
                    + partition
                    + " is not committed for group '"
                    + member.groupId()
                    + "': "
                    + error
                    + ": "
                    + error.message()));
      }
    }
    settle(failed);
  }

  /** Completes what is decided; the rest goes before all that waits. */
  private void settle(Map<TopicPartition, MillraceException> failed) {
    if (failed.isEmpty()) {
      succeed();
      return;
    }
    List<Commit> again = new ArrayList<>();
    long now = cluster.clock().monotonicNanos();
    failures++;
    long pause = cluster.backoffNanos(Math.min(failures, 4));
    boolean isDoubtful = false;
    for (Commit commit : underWay) {
      MillraceException reason = worstOf(commit, failed);
      isDoubtful |= reason != null && isAboutTheMember(reason);
      if (reason == null) {
        commit.result().complete(null);
      } else if (mayPass(reason) && now + pause - commit.deadlineNanos() < 0) {
        again.add(commit);
      } else {
        commit.result().completeExceptionally(reason);
      }
    }
    underWay = List.of();
    waiting.addAll(0, again);
    if (isDoubtful) {
      onDoubt.run();
    }
    if (waiting.isEmpty()) {
      failures = 0;
      return;
    }
    LOG.debug("commit again attempts={} reason={}", failures, failed.values().iterator().next());
    pausing = true;
    cluster
        .loop()
        .schedule(
            () -> {
              pausing = false;
              next();
            },
            pause);
  }

  private void succeed() {
    List<Commit> done = underWay;
    underWay = List.of();
    failures = 0;
    done.forEach(commit -> commit.result().complete(null));
    next();
  }

  private static @Nullable MillraceException worstOf(
      Commit commit, Map<TopicPartition, MillraceException> failed) {
    MillraceException worst = null;
    for (TopicPartition partition : commit.offsets().keySet()) {
      MillraceException reason = failed.get(partition);
      if (reason != null && (worst == null || !mayPass(reason))) {
        worst = reason;
      }
    }
    return worst;
  }

  /** A stale epoch passes: the next heartbeat brings the new one. */
  private static boolean mayPass(MillraceException reason) {
    return reason.isRetriable() || reason.error() == ErrorCode.STALE_MEMBER_EPOCH;
  }

  private static boolean isAboutTheMember(MillraceException reason) {
    return reason.error() == ErrorCode.UNKNOWN_MEMBER_ID
        || reason.error() == ErrorCode.FENCED_MEMBER_EPOCH
        || reason.error() == ErrorCode.STALE_MEMBER_EPOCH;
  }
}
