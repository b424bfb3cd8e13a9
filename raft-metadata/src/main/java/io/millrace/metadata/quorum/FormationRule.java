package io.millrace.metadata.quorum;

import io.millrace.metadata.quorum.proto.VoterIdentity;
import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.metadata.quorum.proto.VoterStatus.Formation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What a voter with empty storage may do, given what the others say. Pure.
 *
 * <ul>
 *   <li>A member whose list holds this very life of this node: start with that list. It was counted
 *       on from the beginning and has never voted.
 *   <li>A member whose list does not: a quorum exists without us; start outside it and ask to be
 *       added.
 *   <li>All answered, and all are empty: nobody has ever voted; start with all of them. Two voters
 *       that decide so at the same time decide for the same list.
 *   <li>Otherwise somebody who is silent may be a member: wait.
 * </ul>
 */
final class FormationRule {

  private FormationRule() {}

  /**
   * Decides.
   *
   * @param self this voter, whose storage is empty
   * @param configured every configured voter, with this one
   * @param answers what the others answered, by node id; those who did not are absent
   */
  static Decision decide(
      VoterIdentity self, List<VoterAddress> configured, Map<Integer, VoterStatus> answers) {
    List<VoterIdentity> members = new ArrayList<>();
    for (VoterStatus answer : answers.values()) {
      if (answer.getFormation() == Formation.MEMBER) {
        if (answer.getMembersList().stream().anyMatch(member -> Voters.same(member, self))) {
          return new Decision(Action.START, answer.getMembersList(), "");
        }
        members.add(answer.getSelf());
      }
    }
    if (!members.isEmpty()) {
      return new Decision(Action.JOIN, members, "");
    }
    List<VoterIdentity> all = new ArrayList<>(List.of(self));
    List<String> missing = new ArrayList<>();
    for (VoterAddress voter : configured) {
      if (voter.nodeId() == self.getNodeId()) {
        continue;
      }
      VoterStatus answer = answers.get(voter.nodeId());
      if (answer == null) {
        missing.add(voter + " does not answer");
      } else if (answer.getSelf().getNodeId() != voter.nodeId()) {
        missing.add(voter + " answers as node " + answer.getSelf().getNodeId());
      } else if (answer.getFormation() != Formation.EMPTY) {
        missing.add(voter + " is " + answer.getFormation() + " itself");
      } else {
        all.add(Voters.identity(voter, answer.getSelf().getIncarnation()));
      }
    }
    if (!missing.isEmpty()) {
      return new Decision(Action.WAIT, List.of(), String.join(", ", missing));
    }
    all.sort(Comparator.comparingInt(VoterIdentity::getNodeId));
    return new Decision(Action.START, all, "");
  }

  enum Action {
    /** Take part, with the voters of the decision. */
    START,
    /** Ask the voters of the decision to be added. */
    JOIN,
    WAIT
  }

  /**
   * What to do now.
   *
   * @param reason who keeps us waiting
   */
  record Decision(Action action, List<VoterIdentity> voters, String reason) {
    Decision {
      voters = List.copyOf(voters);
    }
  }
}
