package io.millrace.metadata.kv;

import java.util.List;

/**
 * The quorum as one voter sees it at one moment.
 *
 * @param nodeId the node that answers
 * @param leaderId the node that leads, or {@link #NO_LEADER}
 * @param leaderReady whether the leader is this node and has applied all of the earlier terms
 * @param term the current term; the controller's epoch
 * @param commitIndex the last log index known to be on a majority
 * @param appliedIndex the last log index applied here
 * @param revision the last revision applied here
 * @param voters every member; match index and contact are known to the leader only
 */
public record QuorumStatus(
    int nodeId,
    int leaderId,
    boolean leaderReady,
    long term,
    long commitIndex,
    long appliedIndex,
    long revision,
    List<Voter> voters) {

  /** No leader is known. */
  public static final int NO_LEADER = -1;

  /** A number that the answering node does not know. */
  public static final long UNKNOWN = -1;

  public QuorumStatus {
    voters = List.copyOf(voters);
  }

  /**
   * One member of the quorum.
   *
   * @param incarnation which life of that node's storage is the member
   * @param matchIndex the last log index known to be on that voter's disk, or {@link #UNKNOWN}
   * @param lag how many entries that is behind the leader's log, or {@link #UNKNOWN}
   * @param sinceContactMillis how long ago it answered last, or {@link #UNKNOWN}
   */
  public record Voter(
      int nodeId,
      String incarnation,
      String host,
      int port,
      long matchIndex,
      long lag,
      long sinceContactMillis) {}
}
