package io.millrace.metadata.kv;

import io.millrace.metadata.kv.proto.KvDelta;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last revisions, for watchers that were away for a moment. Bounded in number and in bytes; the
 * oldest goes first.
 *
 * <p>Not thread-safe; its owner guards it.
 */
final class KvHistory {

  static final long MAX_BYTES = 32L << 20;

  private final int limit;
  private final Deque<KvDelta> deltas = new ArrayDeque<>();
  private long bytes;
  private long lastRevision;

  KvHistory(int limit) {
    this.limit = limit;
  }

  /** Forgets everything: the state was replaced. */
  void restartAt(long revision) {
    deltas.clear();
    bytes = 0;
    lastRevision = revision;
  }

  void add(KvDelta delta) {
    assert delta.getRevision() == lastRevision + 1 : delta.getRevision() + " after " + lastRevision;
    deltas.addLast(delta);
    bytes += delta.getSerializedSize();
    lastRevision = delta.getRevision();
    while (deltas.size() > limit || (bytes > MAX_BYTES && deltas.size() > 1)) {
      bytes -= deltas.removeFirst().getSerializedSize();
    }
  }

  /**
   * Every delta after the revision, or null when some of them are forgotten or the revision is not
   * in this history.
   */
  @Nullable List<KvDelta> after(long revision) {
    long firstKnown = lastRevision - deltas.size() + 1;
    if (revision > lastRevision || revision + 1 < firstKnown) {
      return null;
    }
    List<KvDelta> after = new ArrayList<>((int) (lastRevision - revision));
    for (KvDelta delta : deltas) {
      if (delta.getRevision() > revision) {
        after.add(delta);
      }
    }
    return after;
  }
}
