package io.millrace.metadata.quorum;

import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.metadata.quorum.proto.VoterStatus.Formation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the other voters are, as one that waits for them sees it. Pure.
 *
 * @param silent those that did not answer
 * @param strangers members of a quorum that does not know the life in which this node's disk was
 *     written
 * @param others how many voters there are besides this node
 */
public record VoterSurvey(List<VoterAddress> silent, List<VoterAddress> strangers, int others) {

  public VoterSurvey {
    silent = List.copyOf(silent);
    strangers = List.copyOf(strangers);
  }

  /** Nobody asked, nobody missing. */
  public static final VoterSurvey NOTHING = new VoterSurvey(List.of(), List.of(), 0);

  /**
   * Judges the answers.
   *
   * @param self this node's own status; null when it is no voter
   */
  public static VoterSurvey of(
      @Nullable VoterStatus self,
      List<VoterAddress> others,
      Map<VoterAddress, VoterStatus> answers) {
    List<VoterAddress> silent = new ArrayList<>();
    List<VoterAddress> strangers = new ArrayList<>();
    boolean member = self != null && self.getFormation() == Formation.MEMBER;
    for (VoterAddress one : others) {
      VoterStatus answer = answers.get(one);
      if (answer == null) {
        silent.add(one);
      } else if (self != null
          && member
          && answer.getFormation() == Formation.MEMBER
          && answer.getMembersList().stream()
              .noneMatch(known -> Voters.same(known, self.getSelf()))) {
        strangers.add(one);
      }
    }
    return new VoterSurvey(silent, strangers, others.size());
  }

  /**
   * Whether this node's disk is of another cluster for sure: every other voter is a member, and
   * none knows it. One that lags behind may not know a voter that was just added; not all lag.
   */
  public boolean foreign() {
    return others > 1 && strangers.size() == others;
  }
}
