package io.millrace.metadata.quorum;

import com.google.protobuf.ByteString;
import io.millrace.metadata.kv.AppliedLog;
import io.millrace.metadata.kv.Keys;
import io.millrace.metadata.kv.proto.Compare;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.kv.proto.Op;
import io.millrace.metadata.kv.proto.Put;
import io.millrace.metadata.kv.proto.Txn;
import io.millrace.protocol.Uuid;
import java.security.SecureRandom;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this node leads, in one term at a time:
 *
 * <pre>
 *   follower ──Ratis' leader is ready──► (founding: writes the cluster's id, once ever) ──► ready
 *      ▲──────────────────── not leader, from any state ─────────────────────────────────────┘
 * </pre>
 *
 * <p>The news of the end may overtake that of the beginning, because they come from different
 * threads of Ratis: a term that was lost never becomes ready. The flag falls at once; the followers
 * of the log are told on the maintenance thread, since the news comes under Ratis' own lock.
 */
final class Leadership {

  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
  private static final long NONE = -1;

  private final AppliedLog applied;
  private final Executor maintenance;
  // Guarded by this; the flag is read without.
  private long announcedTerm = NONE;
  private long lostTerm = NONE;
  private @Nullable Proposals proposals;
  private volatile boolean ready;

  /**
   * @param maintenance where the followers of the log are told of the end
   */
  Leadership(AppliedLog applied, Executor maintenance) {
    this.applied = applied;
    this.maintenance = maintenance;
  }

  boolean isReady() {
    return ready;
  }

  /** Proposals can be made from now on; a single voter may lead before. */
  void enable(Proposals enabled) {
    long term;
    synchronized (this) {
      proposals = enabled;
      term = announcedTerm;
    }
    if (term != NONE) {
      found(enabled, term);
    }
  }

  /** Ratis leads in the term and has applied all that was committed before. Applier thread. */
  void onLeaderReady(long term) {
    Proposals enabled;
    synchronized (this) {
      announcedTerm = term;
      enabled = proposals;
    }
    if (enabled != null) {
      found(enabled, term);
    }
  }

  /** This node leads in no term up to this one. Any thread; does not block. */
  void onNotLeader(long term) {
    synchronized (this) {
      lostTerm = Math.max(lostTerm, term);
      if (announcedTerm <= lostTerm) {
        announcedTerm = NONE;
        ready = false;
      }
    }
    maintenance.execute(
        () -> {
          LOG.info("This node does not lead the metadata quorum, term={}", term);
          applied.notLeader(term);
        });
  }

  /** The end of all leading: shutdown, or a failure. */
  void end() {
    synchronized (this) {
      lostTerm = Long.MAX_VALUE;
      announcedTerm = NONE;
      ready = false;
    }
    applied.notLeader(Long.MAX_VALUE);
  }

  /**
   * The first leader of all gives the cluster its id, and only then is anybody told that it leads.
   */
  private void found(Proposals enabled, long term) {
    if (applied.view().get(Keys.CLUSTER_ID) != null) {
      ready(term);
      return;
    }
    enabled
        .propose(newClusterId(term))
        .whenComplete(
            (result, failure) -> {
              if (failure == null && result.getStatus() != KvResult.Status.FENCED) {
                ready(term);
              } else {
                LOG.info(
                    "No cluster id was written, term={} reason={}", term, String.valueOf(failure));
              }
            });
  }

  private void ready(long term) {
    synchronized (this) {
      if (term <= lostTerm || ready) {
        return;
      }
      ready = true;
    }
    LOG.info(
        "This node leads the metadata quorum, term={} revision={}",
        term,
        applied.view().revision());
    applied.leaderReady(term);
  }

  private static KvCommand newClusterId(long term) {
    SecureRandom random = new SecureRandom();
    ByteString id =
        ByteString.copyFromUtf8(new Uuid(random.nextLong(), random.nextLong()).toString());
    return KvCommand.newBuilder()
        .setTerm(term)
        .setTxn(
            Txn.newBuilder()
                .addCompares(
                    Compare.newBuilder()
                        .setKey(Keys.CLUSTER_ID)
                        .setTarget(Compare.Target.EXISTS)
                        .setNumber(0))
                .addSuccess(
                    Op.newBuilder().setPut(Put.newBuilder().setKey(Keys.CLUSTER_ID).setValue(id))))
        .build();
  }
}
