package io.millrace.metadata.quorum;

import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.VoterIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's side of joining: adds a voter, and takes out the earlier lives of its node in the
 * same change. Only configured nodes are added, one at a time, and never in the place of a life
 * that still answers.
 *
 * <p>Any thread.
 */
final class Admission {

  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);
  private static final long ALIVE_MILLIS = 2_000;

  private final QuorumConfig config;

  Admission(QuorumConfig config) {
    this.config = config;
  }

  CompletableFuture<JoinAnswer> admit(RaftNode node, QuorumStatus status, VoterIdentity joiner) {
    if (!status.leaderReady()) {
      return answer(JoinAnswer.Status.NOT_LEADER, status.leaderId(), "this node does not lead");
    }
    if (config.voters().stream().noneMatch(voter -> voter.nodeId() == joiner.getNodeId())) {
      return answer(
          JoinAnswer.Status.REFUSED,
          status.leaderId(),
          "node "
              + joiner.getNodeId()
              + " is not among the leader's configured voters "
              + config.voters());
    }
    List<VoterIdentity> current = node.members();
    if (current.stream().anyMatch(member -> Voters.same(member, joiner))) {
      return answer(JoinAnswer.Status.ADDED, status.leaderId(), "");
    }
    for (QuorumStatus.Voter voter : status.voters()) {
      if (voter.nodeId() == joiner.getNodeId()
          && voter.sinceContactMillis() >= 0
          && voter.sinceContactMillis() < ALIVE_MILLIS) {
        return answer(
            JoinAnswer.Status.RETRY,
            status.leaderId(),
            "node " + joiner.getNodeId() + " answers still as incarnation " + voter.incarnation());
      }
    }
    List<VoterIdentity> next = new ArrayList<>(current);
    next.removeIf(member -> member.getNodeId() == joiner.getNodeId());
    next.add(joiner);
    LOG.info(
        "Changing the metadata quorum, from={} to={}",
        Voters.describe(current),
        Voters.describe(next));
    return node.replaceMembers(current, next)
        .handle(
            (reply, failure) -> {
              if (failure == null) {
                LOG.info("Changed the metadata quorum, voters={}", Voters.describe(next));
                return of(JoinAnswer.Status.ADDED, status.leaderId(), "");
              }
              LOG.info(
                  "Did not change the metadata quorum, joiner={} reason={}",
                  Voters.describe(joiner),
                  failure.toString());
              return of(JoinAnswer.Status.RETRY, status.leaderId(), failure.toString());
            });
  }

  private static CompletableFuture<JoinAnswer> answer(
      JoinAnswer.Status status, int leaderId, String reason) {
    return CompletableFuture.completedFuture(of(status, leaderId, reason));
  }

  private static JoinAnswer of(JoinAnswer.Status status, int leaderId, String reason) {
    return JoinAnswer.newBuilder()
        .setStatus(status)
        .setLeaderId(leaderId)
        .setReason(reason)
        .build();
  }
}
