package io.millrace.client.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.GroupConfig;
import io.millrace.client.TopicPartition;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest.TopicPartitions;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse.Assignment;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemberStateTest {
  private static final Uuid TOPIC = new Uuid(1, 1);

  private final MemberState state =
      new MemberState(
          new GroupConfig(
              "g",
              null,
              null,
              Duration.ofSeconds(9),
              Duration.ofSeconds(9),
              true,
              Duration.ofSeconds(5)),
          "",
          "m");

  private static ConsumerGroupHeartbeatResponse told(int epoch, Integer... partitions) {
    return ConsumerGroupHeartbeatResponse.builder()
        .memberId("m")
        .memberEpoch(epoch)
        .assignment(
            new Assignment(
                partitions.length == 0
                    ? List.of()
                    : List.of(
                        new ConsumerGroupHeartbeatResponse.TopicPartitions(
                            TOPIC, List.of(partitions)))))
        .build();
  }

  @Test
  void whatIsToBeTakenNext_isReportedBeforeTheApplicationKnowsOfIt() {
    state.subscribe(new Subscription(Set.of("t"), null));
    state.heartbeat();
    state.answered(told(1, 0));
    GroupPartition first = new GroupPartition(TOPIC, new TopicPartition("t", 0));
    state.takes(Set.of(first));
    state.nowOwns(Set.of(first));

    state.answered(told(1, 0, 1)); // while the application is at something else

    // A report without it would free it for others, and the application may take it any moment.
    assertThat(state.heartbeat().topicPartitions())
        .containsExactly(new TopicPartitions(TOPIC, List.of(0, 1)));
    assertThat(state.isUrgent()).isFalse();
  }

  @Test
  void whatIsTakenFromItBeforeTheApplicationKnewOfIt_isReportedAtOnce() {
    state.subscribe(new Subscription(Set.of("t"), null));
    state.heartbeat();
    state.answered(told(1, 0));
    state.heartbeat();
    assertThat(state.isUrgent()).isFalse();

    state.answered(told(1));

    assertThat(state.isUrgent()).isTrue(); // others wait for it
    assertThat(state.heartbeat().topicPartitions()).isEmpty();
    assertThat(state.isUrgent()).isFalse();
  }
}
