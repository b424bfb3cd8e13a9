package io.millrace.metadata.kv;

import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvBatchResult;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvDelta;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of a {@link MetadataLog} that lies behind agreement: the store, the revisions
 * remembered, and who follows them. Whatever brings entries into an order (Ratis, or the
 * simulation's stub) drives one of these.
 *
 * <p>One thread applies; a lock keeps a new listener's catch-up and the entries that arrive
 * meanwhile apart. The published state is read without it.
 */
public final class AppliedLog {

  private static final Logger LOG = LoggerFactory.getLogger(AppliedLog.class);
  private static final long NOT_READY = -1;

  private final Object lock = new Object();
  private final KvStore store = new KvStore();
  private final KvHistory history;
  private final List<Follower> followers = new ArrayList<>();
  private long readyTerm = NOT_READY;
  private long lostTerm = NOT_READY;
  // Written under the lock after the store; a reader sees whole entries only.
  private volatile KvState published = KvState.EMPTY;

  /**
   * @param historyLimit revisions remembered for followers that come back
   */
  public AppliedLog(int historyLimit) {
    this.history = new KvHistory(historyLimit);
  }

  /** The state after the last applied entry. Any thread. */
  public KvView view() {
    return published;
  }

  /** The same, for writing a snapshot. */
  public KvSnapshot snapshot() {
    return new KvSnapshot(published);
  }

  /**
   * Applies one entry of the log: all its commands, in order. Every listener has seen it when this
   * returns.
   */
  public KvBatchResult apply(long term, KvBatch batch) {
    KvBatchResult.Builder results = KvBatchResult.newBuilder();
    synchronized (lock) {
      List<KvDelta> deltas = new ArrayList<>(batch.getCommandsCount());
      for (KvCommand command : batch.getCommandsList()) {
        KvStore.Applied applied = store.apply(term, command);
        results.addResults(applied.result());
        if (applied.delta() != null) {
          deltas.add(applied.delta());
        }
      }
      published = store.state();
      for (KvDelta delta : deltas) {
        history.add(delta);
        tellAll(listener -> listener.onApplied(delta));
      }
    }
    return results.build();
  }

  /** Replaces the state: at start, or with what a leader sent. */
  public void restore(KvSnapshot snapshot) {
    synchronized (lock) {
      store.restore(snapshot.state());
      history.restartAt(snapshot.state().revision());
      published = snapshot.state();
      tellAll(listener -> listener.onSnapshot(snapshot.state()));
    }
  }

  /**
   * This node leads in the term, and everything of earlier terms was applied. Ignored when that
   * term was lost meanwhile.
   */
  public void leaderReady(long term) {
    synchronized (lock) {
      if (term > lostTerm) {
        readyTerm = term;
        tellAll(listener -> listener.onLeaderReady(term));
      }
    }
  }

  /**
   * This node does not lead in this term or any before; the news may overtake that of the
   * leadership itself.
   */
  public void notLeader(long term) {
    synchronized (lock) {
      lostTerm = Math.max(lostTerm, term);
      if (readyTerm != NOT_READY && readyTerm <= lostTerm) {
        readyTerm = NOT_READY;
        tellAll(MetadataLogListener::onNotLeader);
      }
    }
  }

  /** See {@link MetadataLog#subscribe}. */
  public MetadataLog.Subscription subscribe(long afterRevision, MetadataLogListener listener) {
    Follower follower = new Follower(listener);
    synchronized (lock) {
      List<KvDelta> missed = afterRevision < 0 ? null : history.after(afterRevision);
      if (missed == null) {
        listener.onSnapshot(published);
      } else {
        missed.forEach(listener::onApplied);
      }
      if (readyTerm != NOT_READY) {
        listener.onLeaderReady(readyTerm);
      }
      followers.add(follower);
    }
    return () -> {
      follower.closed = true;
      synchronized (lock) {
        followers.remove(follower);
      }
    };
  }

  private void tellAll(Call call) {
    // A copy, because a listener may end its subscription from within.
    for (Follower follower : List.copyOf(followers)) {
      if (!follower.closed) {
        try {
          call.on(follower.listener);
        } catch (RuntimeException | AssertionError e) {
          // One follower's fault must not stop the log, which every node has to apply alike.
          LOG.error("A follower of the metadata log failed, listener={}", follower.listener, e);
        }
      }
    }
  }

  private interface Call {
    void on(MetadataLogListener listener);
  }

  private static final class Follower {
    final MetadataLogListener listener;
    volatile boolean closed;

    Follower(MetadataLogListener listener) {
      this.listener = listener;
    }
  }
}
