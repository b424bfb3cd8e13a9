package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Voter 3 watches; times are those at which it asked to be called. */
class LeaderWatchTest {

  private static final List<VoterAddress> VOTERS =
      List.of(
          new VoterAddress(1, "a", 1), new VoterAddress(2, "b", 2), new VoterAddress(3, "c", 3));

  private final Steps steps = new Steps();
  private final LeaderWatch watch =
      new LeaderWatch(QuorumConfig.of(3, Path.of("unused"), VOTERS), steps, steps);

  @Test
  void leaderThatIsGone_isStoodAgainstOnceAndAfterTheOthers() {
    // given
    steps.leader = 1;
    watch.start(steps);
    watch.observe();

    // when the port refuses again and again
    steps.gone(0);
    steps.gone(0);
    steps.runDue();
    steps.runDue();

    // then voter 2 was let go first
    assertThat(steps.log).containsExactly("line to 1", "in 0", "in 0", "in 500", "stand for 1");
  }

  @Test
  void leaderThatWasReplacedMeanwhile_isNotStoodAgainst() {
    // given
    steps.leader = 1;
    watch.start(steps);
    watch.observe();
    steps.gone(0);
    steps.runDue();

    // when voter 2 wins before it is this one's turn
    steps.leader = 2;
    steps.term++;
    watch.observe();
    steps.runDue();

    // then its own line is kept instead, and late news of the first says nothing
    steps.gone(0);
    steps.runDue();
    assertThat(steps.log)
        .containsExactly("line to 1", "in 0", "in 500", "hung up on 1", "line to 2", "in 0");
  }

  @Test
  void electionThatIsOn_isLeftAlone() {
    // given
    steps.leader = 1;
    watch.start(steps);
    watch.observe();

    // when
    steps.leader = QuorumStatus.NO_LEADER;
    watch.observe();
    steps.gone(0);
    steps.runDue();

    // then
    assertThat(steps.log).containsExactly("line to 1", "in 0");
  }

  @Test
  void leaderSaidToBeGone_isReplacedWithoutAWaitForItsSilence(@TempDir Path directory) {
    try (TestVoters voters = new TestVoters(directory, 3)) {
      // given
      voters.startAll();
      voters.put("/a", "1");
      for (int nodeId = 1; nodeId <= 3; nodeId++) {
        voters.awaitValue(nodeId, "/a", "1");
      }
      int gone = voters.awaitLeader();
      int other = gone == 1 ? 2 : 1;

      // when the others are told so of a leader that speaks still, and is never silent
      TestVoters.await(
          "another leader",
          () -> {
            voters.tellGone(gone);
            int leader = voters.voter(other).status().leaderId();
            return leader > 0 && leader != gone && voters.voter(leader).isLeader();
          });

      // then
      assertThat(voters.put("/a", "2").getStatus()).isEqualTo(KvResult.Status.OK);
      assertThat(voters.fatal).isEmpty();
    }
  }

  /** Everything around the watch: writes down what it does. */
  private static final class Steps
      implements VoterDirectory, LeaderWatch.Maintenance, LeaderWatch.Raft {
    final List<String> log = new ArrayList<>();
    final List<Runnable> lines = new ArrayList<>();
    List<Runnable> due = new ArrayList<>();
    int leader = QuorumStatus.NO_LEADER;
    long term = 7;

    void gone(int line) {
      lines.get(line).run();
    }

    void runDue() {
      List<Runnable> now = due;
      due = new ArrayList<>();
      now.forEach(Runnable::run);
    }

    @Override
    public void run(Runnable task, long afterMillis) {
      log.add("in " + afterMillis);
      due.add(task);
    }

    @Override
    public Line keepLine(VoterAddress voter, Runnable gone) {
      log.add("line to " + voter.nodeId());
      lines.add(gone);
      return () -> log.add("hung up on " + voter.nodeId());
    }

    @Override
    public int leaderId() {
      return leader;
    }

    @Override
    public long term() {
      return term;
    }

    @Override
    public int membersBefore(int goneLeader) {
      return 1;
    }

    @Override
    public boolean stand(int goneLeader) {
      log.add("stand for " + goneLeader);
      return true;
    }

    @Override
    public CompletableFuture<VoterStatus> probe(VoterAddress voter) {
      throw new AssertionError("nobody is asked");
    }

    @Override
    public CompletableFuture<JoinAnswer> join(VoterAddress voter, JoinRequest request) {
      throw new AssertionError("nobody is asked");
    }
  }
}
