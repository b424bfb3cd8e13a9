package io.millrace.metadata.quorum;

import io.millrace.metadata.kv.QuorumStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands for election at once when the leader's process is gone. A voter that hears nothing of the
 * leader cannot tell a dead one from one that is slow, as it may be slow itself; so Ratis waits
 * long for silence. A port that refuses connections leaves no doubt, and this voter does not wait.
 *
 * <p>The voters that are left stand one after another, {@link #STAGGER_MILLIS} apart, so that they
 * do not take each other's votes; once for each leader and term. When none of them wins, or the
 * evidence does not come (a machine without power, a cut network), the silence does.
 *
 * <p>Confined to the maintenance thread.
 */
final class LeaderWatch implements AutoCloseable {

  static final long STAGGER_MILLIS = 500;
  private static final Logger LOG = LoggerFactory.getLogger(LeaderWatch.class);
  private static final long NEVER = -1;

  private final QuorumConfig config;
  private final VoterDirectory directory;
  private final Maintenance maintenance;
  private @Nullable Raft raft;
  private int watched = QuorumStatus.NO_LEADER;
  private VoterDirectory.@Nullable Line line;
  private long stoodAfterTerm = NEVER;

  LeaderWatch(QuorumConfig config, VoterDirectory directory, Maintenance maintenance) {
    this.config = config;
    this.directory = directory;
    this.maintenance = maintenance;
  }

  /** The maintenance thread: runs a task after a time, or never when it has ended. */
  interface Maintenance {
    void run(Runnable task, long afterMillis);
  }

  /** This voter's Ratis. */
  interface Raft {
    /** The leader that this voter follows, or {@link QuorumStatus#NO_LEADER}. */
    int leaderId();

    long term();

    /** How many members come before this one when the leader is gone. */
    int membersBefore(int goneLeader);

    /** Starts an election without asking whether the others have a leader; false when refused. */
    boolean stand(int goneLeader);
  }

  /** From now on there is a leader to watch. */
  void start(Raft running) {
    raft = running;
  }

  /** Looks who leads now. */
  void observe() {
    Raft running = raft;
    int leader = running == null ? QuorumStatus.NO_LEADER : running.leaderId();
    // Without a leader an election is on: its end is the news.
    if (leader == QuorumStatus.NO_LEADER || leader == watched) {
      return;
    }
    close();
    watched = leader;
    if (running != null && leader != config.nodeId()) {
      config.voters().stream()
          .filter(voter -> voter.nodeId() == leader)
          .findFirst()
          .ifPresent(
              voter ->
                  line =
                      directory.keepLine(
                          voter, () -> maintenance.run(() -> gone(running, leader), 0)));
    }
  }

  private void gone(Raft running, int leader) {
    long term = running.term();
    if (watched == leader && running.leaderId() == leader && stoodAfterTerm != term) {
      stoodAfterTerm = term;
      long wait = running.membersBefore(leader) * STAGGER_MILLIS;
      maintenance.run(() -> stand(running, leader, term), wait);
    }
  }

  private void stand(Raft running, int leader, long term) {
    if (running.leaderId() == leader && running.term() == term) {
      boolean started = running.stand(leader);
      LOG.info(
          "The leader of the metadata quorum is gone, leader={} term={} standing={}",
          leader,
          term,
          started);
    }
  }

  @Override
  public void close() {
    if (line != null) {
      line.close();
      line = null;
    }
    watched = QuorumStatus.NO_LEADER;
  }
}
