package io.millrace.metadata.kv;

import io.millrace.metadata.kv.proto.KvDelta;

/**
 * What a follower of the history is told. Calls come one at a time, in the order of the history, on
 * the applying thread (the first ones in the thread that subscribed): hand over to your own loop
 * and return.
 */
public interface MetadataLogListener {

  /** One revision was applied. Its number is one more than that of the revision before. */
  void onApplied(KvDelta delta);

  /**
   * The state was replaced: at the start, or because this node had fallen behind what the log still
   * holds.
   */
  void onSnapshot(KvView view);

  /**
   * This node leads, and all that earlier terms committed was delivered before this call. Every
   * proposal has to carry the term.
   */
  default void onLeaderReady(long term) {}

  /**
   * This node no longer leads. May come from any thread, at any time after {@link #onLeaderReady},
   * at most once for it.
   */
  default void onNotLeader() {}
}
