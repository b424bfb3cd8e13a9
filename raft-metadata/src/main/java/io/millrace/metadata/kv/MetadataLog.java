package io.millrace.metadata.kv;

import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import java.util.concurrent.CompletableFuture;

/**
 * The one history of the cluster's metadata, as a member of the quorum sees it: propose a change,
 * follow what was applied, learn who leads. In production Ratis is behind it; the simulation puts a
 * stub there.
 *
 * <p>Thread-safe; nothing blocks for I/O.
 */
public interface MetadataLog {

  /**
   * Proposes one change. The answer comes when the change was applied on this node, hence after it
   * is on disk on a majority.
   *
   * <p>The future fails with {@link NotLeaderException} when the command certainly was not and will
   * not be applied, and with {@link OutcomeUnknownException} when it may or may not have been: then
   * repeat it with the same request id, or look. Completed on the applying thread: do not block in
   * what hangs on it.
   */
  CompletableFuture<KvResult> propose(KvCommand command);

  /**
   * Follows the history. First brings the listener up to the present, in the calling thread: with
   * the deltas after {@code afterRevision} when they are all still remembered, otherwise with one
   * snapshot. From then on everything in order, without gap or repetition. When this node leads
   * already, {@link MetadataLogListener#onLeaderReady} follows the catch-up.
   *
   * @param afterRevision the last revision the listener knows; negative for none, which always
   *     gives a snapshot
   */
  Subscription subscribe(long afterRevision, MetadataLogListener listener);

  /** The state as applied here: a prefix of the history, not necessarily its end. */
  KvView view();

  /**
   * The state including everything that was committed when this was called. Fails when there is no
   * leader to ask.
   */
  CompletableFuture<KvView> latestView();

  /** Who leads, in which term, and how far each voter is. */
  QuorumStatus status();

  /** Whether this node leads and has applied everything that earlier terms committed. */
  default boolean isLeader() {
    QuorumStatus status = status();
    return status.leaderReady() && status.leaderId() == status.nodeId();
  }

  /**
   * Ends a subscription. After {@link #close} returned no call begins; one may still be running in
   * another thread.
   */
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }
}
