package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.quorum.FormationRule.Action;
import io.millrace.metadata.quorum.FormationRule.Decision;
import io.millrace.metadata.quorum.proto.VoterIdentity;
import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.metadata.quorum.proto.VoterStatus.Formation;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FormationRuleTest {

  private final VoterAddress one = new VoterAddress(1, "a", 9093);
  private final VoterAddress two = new VoterAddress(2, "b", 9093);
  private final VoterAddress three = new VoterAddress(3, "c", 9093);
  private final List<VoterAddress> configured = List.of(one, two, three);
  private final VoterIdentity self = Voters.identity(one, "aa");
  private final VoterIdentity second = Voters.identity(two, "bb");
  private final VoterIdentity third = Voters.identity(three, "cc");

  @Test
  void allAnswerEmpty_foundsWithAllInNodeOrder() {
    Decision decision =
        FormationRule.decide(self, configured, Map.of(3, empty(third), 2, empty(second)));

    assertThat(decision.action()).isEqualTo(Action.START);
    assertThat(decision.voters()).containsExactly(self, second, third);
  }

  @Test
  void oneIsSilent_waitsAndNamesIt() {
    Decision decision = FormationRule.decide(self, configured, Map.of(2, empty(second)));

    assertThat(decision.action()).isEqualTo(Action.WAIT);
    assertThat(decision.reason()).contains("3@c:9093 does not answer");
  }

  @Test
  void memberCountsOnThisVeryLife_startsWithItsList() {
    Decision decision =
        FormationRule.decide(self, configured, Map.of(2, member(second, self, second, third)));

    assertThat(decision.action()).isEqualTo(Action.START);
    assertThat(decision.voters()).containsExactly(self, second, third);
  }

  @Test
  void memberKnowsOnlyAnEarlierLife_joins() {
    VoterIdentity earlier = Voters.identity(one, "a0");

    Decision decision =
        FormationRule.decide(
            self, configured, Map.of(2, member(second, earlier, second, third), 3, empty(third)));

    assertThat(decision.action()).isEqualTo(Action.JOIN);
    assertThat(decision.voters()).containsExactly(second);
  }

  @Test
  void othersOnlyJoinThemselves_waits() {
    VoterStatus joining =
        VoterStatus.newBuilder().setSelf(third).setFormation(Formation.JOINING).build();

    Decision decision =
        FormationRule.decide(self, configured, Map.of(2, empty(second), 3, joining));

    assertThat(decision.action()).isEqualTo(Action.WAIT);
  }

  @Test
  void anotherNodeAnswersAtTheAddress_waits() {
    Decision decision =
        FormationRule.decide(self, configured, Map.of(2, empty(third), 3, empty(third)));

    assertThat(decision.action()).isEqualTo(Action.WAIT);
    assertThat(decision.reason()).contains("answers as node 3");
  }

  @Test
  void alone_foundsAtOnce() {
    Decision decision = FormationRule.decide(self, List.of(one), Map.of());

    assertThat(decision.action()).isEqualTo(Action.START);
    assertThat(decision.voters()).containsExactly(self);
  }

  private static VoterStatus empty(VoterIdentity voter) {
    return VoterStatus.newBuilder().setSelf(voter).setFormation(Formation.EMPTY).build();
  }

  private static VoterStatus member(VoterIdentity voter, VoterIdentity... members) {
    return VoterStatus.newBuilder()
        .setSelf(voter)
        .setFormation(Formation.MEMBER)
        .addAllMembers(List.of(members))
        .build();
  }
}
