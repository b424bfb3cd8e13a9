package io.millrace.metadata.quorum;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * What a voter has to know before it starts.
 *
 * @param nodeId this node; one of the voters
 * @param directory the metadata directory, this quorum's alone
 * @param voters every configured voter with its controller port
 * @param timing how patient elections are
 * @param snapshotThreshold entries after which a snapshot is taken
 * @param snapshotInterval time after which a snapshot is taken, when anything changed
 * @param historyLimit revisions remembered for watchers
 * @param discardDamagedLog whether a damaged log may be put aside and the node start anew: only by
 *     the operator's word
 */
public record QuorumConfig(
    int nodeId,
    Path directory,
    List<VoterAddress> voters,
    Timing timing,
    int snapshotThreshold,
    Duration snapshotInterval,
    int historyLimit,
    boolean discardDamagedLog) {

  public QuorumConfig {
    Objects.requireNonNull(directory, "directory");
    Objects.requireNonNull(snapshotInterval, "snapshotInterval");
    voters = List.copyOf(voters);
    if (voters.stream().noneMatch(voter -> voter.nodeId() == nodeId)) {
      throw new IllegalArgumentException("node " + nodeId + " is not among the voters " + voters);
    }
    if (voters.stream().mapToInt(VoterAddress::nodeId).distinct().count() != voters.size()) {
      throw new IllegalArgumentException("a node id appears twice in " + voters);
    }
    if (snapshotThreshold < 1 || historyLimit < 1) {
      throw new IllegalArgumentException(
          "limits must be positive: snapshotThreshold="
              + snapshotThreshold
              + " historyLimit="
              + historyLimit);
    }
  }

  /** The defaults for everything but who and where. */
  public static QuorumConfig of(int nodeId, Path directory, List<VoterAddress> voters) {
    return new QuorumConfig(
        nodeId, directory, voters, Timing.PRODUCTION, 20_000, Duration.ofHours(1), 10_000, false);
  }

  /** The same with another timing. */
  public QuorumConfig withTiming(Timing newTiming) {
    return new QuorumConfig(
        nodeId,
        directory,
        voters,
        newTiming,
        snapshotThreshold,
        snapshotInterval,
        historyLimit,
        discardDamagedLog);
  }

  /** The same with another snapshot threshold. */
  public QuorumConfig withSnapshotThreshold(int entries) {
    return new QuorumConfig(
        nodeId,
        directory,
        voters,
        timing,
        entries,
        snapshotInterval,
        historyLimit,
        discardDamagedLog);
  }

  /** The same, with or without leave to put a damaged log aside. */
  public QuorumConfig withDiscardDamagedLog(boolean allowed) {
    return new QuorumConfig(
        nodeId,
        directory,
        voters,
        timing,
        snapshotThreshold,
        snapshotInterval,
        historyLimit,
        allowed);
  }

  /** The voter this node is. */
  public VoterAddress self() {
    return voters.stream().filter(voter -> voter.nodeId() == nodeId).findFirst().orElseThrow();
  }

  /**
   * How long a follower waits for its leader before it stands for election: a random time between
   * the two.
   *
   * @param electionMin the shortest
   * @param electionMax the longest
   */
  public record Timing(Duration electionMin, Duration electionMax) {

    /**
     * Long enough for voters that get a tenth of the CPU they want. A leader whose process ended is
     * replaced without a wait, whatever this says ({@link LeaderWatch}).
     */
    public static final Timing PRODUCTION = upTo(Duration.ofSeconds(2));

    public Timing {
      if (electionMin.isNegative()
          || electionMin.isZero()
          || electionMin.compareTo(electionMax) > 0) {
        throw new IllegalArgumentException(
            "election timeouts out of order: " + electionMin + ".." + electionMax);
      }
    }

    /** From half of it to all of it. */
    public static Timing upTo(Duration electionMax) {
      return new Timing(electionMax.dividedBy(2), electionMax);
    }
  }
}
