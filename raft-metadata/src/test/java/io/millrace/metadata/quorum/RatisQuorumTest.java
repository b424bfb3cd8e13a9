package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.kv.Keys;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.KvResult;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RatisQuorumTest {

  @TempDir Path directory;

  @Test
  void singleVoter_foundsItselfAndKeepsItsDataOverARestart() throws Exception {
    try (TestVoters voters = new TestVoters(directory, 1)) {
      // given
      RatisQuorum quorum = voters.start(1);
      voters.awaitLeader();
      KvResult put = voters.put("/a", "1");
      String clusterId = voters.get(1, Keys.CLUSTER_ID);

      // when
      voters.stop(1);
      voters.start(1);
      voters.awaitLeader();

      // then
      assertThat(put.getStatus()).isEqualTo(KvResult.Status.OK);
      assertThat(clusterId).isNotEmpty();
      assertThat(voters.get(1, "/a")).isEqualTo("1");
      assertThat(voters.get(1, Keys.CLUSTER_ID)).isEqualTo(clusterId);
      assertThat(voters.voter(1).status().term()).isGreaterThan(put.getTerm());
      assertThat(quorum.isLeader()).isFalse();
      assertThat(voters.fatal).isEmpty();
    }
  }

  @Test
  void commandOfAnotherTerm_isFencedAndChangesNothing() throws Exception {
    try (TestVoters voters = new TestVoters(directory, 1)) {
      // given
      voters.start(1);
      RatisQuorum leader = voters.voter(voters.awaitLeader());
      long revision = leader.view().revision();

      // when
      KvResult result =
          leader
              .propose(TestVoters.putCommand("/a", "1", leader.status().term() + 7))
              .get(10, TimeUnit.SECONDS);

      // then
      assertThat(result.getStatus()).isEqualTo(KvResult.Status.FENCED);
      assertThat(leader.view().revision()).isEqualTo(revision);
      assertThat(leader.view().get("/a")).isNull();
    }
  }

  @Test
  void threeVoters_behindSplicingPorts_electReplicateAndFailOver() throws Exception {
    try (TestVoters voters = new TestVoters(directory, 3)) {
      // given three voters with empty storage, the last of them late
      Recorder recorder = new Recorder();
      voters.start(1).subscribe(-1, recorder);
      voters.start(2);
      TestVoters.await("voter 1 to wait", () -> voters.voter(1).voterStatus().hasSelf());
      assertThat(voters.voter(1).raftBindAddress()).isNull();
      voters.start(3);
      int first = voters.awaitLeader();
      voters.put("/a", "1");
      for (int nodeId = 1; nodeId <= 3; nodeId++) {
        voters.awaitValue(nodeId, "/a", "1");
      }
      int follower = first == 1 ? 2 : 1;
      assertThat(voters.voter(follower).latestView().get(10, TimeUnit.SECONDS).get("/a"))
          .isNotNull();
      long firstTerm = voters.voter(first).status().term();

      // when the leader is cut off and stopped
      voters.stop(first);
      int second = voters.awaitLeader();
      voters.put("/a", "2");

      // then another leads in a later term, and the first follows when it is back
      assertThat(second).isNotEqualTo(first);
      assertThat(voters.voter(second).status().term()).isGreaterThan(firstTerm);
      voters.start(first);
      voters.awaitValue(first, "/a", "2");
      TestVoters.await(
          "every voter in contact",
          () ->
              voters.voter(voters.awaitLeader()).status().voters().stream()
                  .allMatch(voter -> voter.lag() == 0 && voter.sinceContactMillis() >= 0));
      assertThat(voters.voter(second).status().voters()).hasSize(3);
      assertThat(voters.fatal).isEmpty();
      if (first != 1) {
        recorder.assertUnbroken();
      }
    }
  }

  @Test
  void followerWithAWipedDisk_comesBackAsANewIncarnationAndIsCaughtUpBySnapshot() throws Exception {
    try (TestVoters voters =
        new TestVoters(directory, 3).tuned(config -> config.withSnapshotThreshold(40))) {
      // given a leader that has taken snapshots
      voters.startAll();
      int leader = voters.awaitLeader();
      for (int i = 0; i < 120; i++) {
        voters.put("/k" + i % 10, "v" + i);
      }
      int lost = voters.awaitLeader() == 1 ? 2 : 1;
      String before = voters.voter(lost).voterStatus().getSelf().getIncarnation();

      // when
      voters.stop(lost);
      voters.wipe(lost);
      voters.start(lost);

      // then
      voters.awaitValue(lost, "/k9", "v119");
      TestVoters.await(
          "the new incarnation as a member",
          () -> {
            var status = voters.voter(voters.awaitLeader()).status();
            return status.voters().size() == 3
                && status.voters().stream().noneMatch(voter -> voter.incarnation().equals(before));
          });
      assertThat(voters.voter(lost).voterStatus().getSelf().getIncarnation()).isNotEqualTo(before);
      assertThat(leader).isPositive();
      assertThat(voters.fatal).isEmpty();
    }
  }

  @Test
  void singleVoter_growsToThreeOneByOne() throws Exception {
    try (TestVoters voters = new TestVoters(directory, 3)) {
      // given a quorum of one
      voters.start(1, voters.addresses().subList(0, 1));
      voters.awaitLeader();
      voters.put("/a", "1");
      voters.stop(1);

      // when all three are configured
      voters.startAll();

      // then all three are members with the data of the first
      for (int nodeId = 1; nodeId <= 3; nodeId++) {
        voters.awaitValue(nodeId, "/a", "1");
      }
      TestVoters.await(
          "three members", () -> voters.voter(voters.awaitLeader()).status().voters().size() == 3);
      voters.put("/b", "2");
      assertThat(voters.fatal).isEmpty();
    }
  }

  @Test
  void allStoppedAndStartedAgain_keepEverythingAcknowledged() throws Exception {
    try (TestVoters voters = new TestVoters(directory, 3)) {
      // given
      voters.startAll();
      for (int i = 0; i < 20; i++) {
        voters.put("/k" + i, "v" + i);
      }
      String clusterId = voters.get(voters.awaitLeader(), Keys.CLUSTER_ID);

      // when
      voters.stopAll();
      voters.startAll();
      int leader = voters.awaitLeader();

      // then
      for (int i = 0; i < 20; i++) {
        assertThat(voters.get(leader, "/k" + i)).isEqualTo("v" + i);
      }
      assertThat(voters.get(leader, Keys.CLUSTER_ID)).isEqualTo(clusterId);
    }
  }

  /** Checks what a follower of the log was told. */
  private static final class Recorder implements MetadataLogListener {
    private final List<Long> revisions = new CopyOnWriteArrayList<>();

    @Override
    public void onApplied(KvDelta delta) {
      revisions.add(delta.getRevision());
    }

    @Override
    public void onSnapshot(KvView view) {
      revisions.clear();
      revisions.add(view.revision());
    }

    void assertUnbroken() {
      for (int i = 1; i < revisions.size(); i++) {
        assertThat(revisions.get(i)).isEqualTo(revisions.get(i - 1) + 1);
      }
      assertThat(revisions).hasSizeGreaterThan(1);
    }
  }
}
