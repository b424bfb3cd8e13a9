package io.millrace.metadata.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.request.CreatePartitions;
import io.millrace.metadata.request.CreatePartitions.Growth;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.metadata.request.DeleteTopics;
import io.millrace.metadata.request.Result;
import io.millrace.metadata.request.TopicRef;
import io.millrace.protocol.ErrorCode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TopicControlTest {

  private static final ConfigValidator NO_BOGUS =
      (resource, key, value) ->
          key.equals("bogus")
              ? Result.of(ErrorCode.INVALID_CONFIG, "unknown config bogus")
              : Result.OK;

  private final MetadataImage three = Images.withBrokers(1, 2, 3);
  private final TopicControl control =
      new TopicControl(ControllerConfig.DEFAULTS, NO_BOGUS, new SplittableRandom(7));

  static Stream<Arguments> refused() {
    Map<Integer, List<Integer>> gap = Map.of(0, List.of(1), 2, List.of(2));
    return Stream.of(
        Arguments.of(new NewTopic("", 1, 1), ErrorCode.INVALID_TOPIC_EXCEPTION, "empty"),
        Arguments.of(new NewTopic(".", 1, 1), ErrorCode.INVALID_TOPIC_EXCEPTION, "'.'"),
        Arguments.of(new NewTopic("..", 1, 1), ErrorCode.INVALID_TOPIC_EXCEPTION, "'..'"),
        Arguments.of(
            new NewTopic("a/b", 1, 1), ErrorCode.INVALID_TOPIC_EXCEPTION, "U+002F at index 1"),
        Arguments.of(new NewTopic("a\u0007", 1, 1), ErrorCode.INVALID_TOPIC_EXCEPTION, "U+0007"),
        Arguments.of(new NewTopic("x".repeat(250), 1, 1), ErrorCode.INVALID_TOPIC_EXCEPTION, "250"),
        Arguments.of(new NewTopic("there", 1, 1), ErrorCode.TOPIC_ALREADY_EXISTS, "there"),
        Arguments.of(new NewTopic("a_b", 1, 1), ErrorCode.INVALID_TOPIC_EXCEPTION, "a.b"),
        Arguments.of(new NewTopic("t", 0, 1), ErrorCode.INVALID_PARTITIONS, "0"),
        Arguments.of(new NewTopic("t", -2, 1), ErrorCode.INVALID_PARTITIONS, "-2"),
        Arguments.of(
            new NewTopic("t", 1_000_000_000, 1), ErrorCode.INVALID_PARTITIONS, "1000000000"),
        Arguments.of(new NewTopic("t", 1, 0), ErrorCode.INVALID_REPLICATION_FACTOR, "0"),
        Arguments.of(
            new NewTopic("t", 1, 4), ErrorCode.INVALID_REPLICATION_FACTOR, "only 3 brokers"),
        Arguments.of(
            new NewTopic("t", -1, -1, gap, Map.of()), ErrorCode.INVALID_REPLICA_ASSIGNMENT, "no 1"),
        Arguments.of(
            new NewTopic("t", -1, -1, Map.of(0, List.of(9)), Map.of()),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "9"),
        Arguments.of(
            new NewTopic("t", -1, -1, Map.of(0, List.of(1, 1)), Map.of()),
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "[1, 1]"),
        Arguments.of(
            new NewTopic("t", 1, -1, Map.of(0, List.of(1)), Map.of()),
            ErrorCode.INVALID_REQUEST,
            "assignment"),
        Arguments.of(
            new NewTopic("t", 1, 1, Map.of(), Map.of("bogus", "1")),
            ErrorCode.INVALID_CONFIG,
            "bogus"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void badTopic_isRefusedWithReason(NewTopic topic, ErrorCode error, String reason) {
    MetadataImage image = created(three, new NewTopic("there", 1, 1), new NewTopic("a.b", 1, 1));

    for (boolean validateOnly : new boolean[] {true, false}) {
      ControlDecision<CreateTopics.Response> decision =
          control.create(image, new CreateTopics(List.of(topic), validateOnly));

      Result result = decision.response().topics().get(0).result();
      assertThat(result.error()).isEqualTo(error);
      assertThat(result.message()).contains(reason);
      assertThat(decision.changes()).isEmpty();
    }
  }

  @Test
  void oneBadTopic_doesNotHinderTheNext() {
    CreateTopics request =
        new CreateTopics(List.of(new NewTopic("/", 1, 1), new NewTopic("good", 2, 3)), false);

    ControlDecision<CreateTopics.Response> decision = control.create(three, request);

    assertThat(decision.response().topics())
        .extracting(one -> one.result().isOk())
        .containsExactly(false, true);
    assertThat(topic(Images.after(three, decision), "good").partitions()).hasSize(2);
  }

  @Test
  void validateOnly_writesNothing() {
    ControlDecision<CreateTopics.Response> decision =
        control.create(three, new CreateTopics(List.of(new NewTopic("good", 2, 3)), true));

    assertThat(decision.changes()).isEmpty();
    assertThat(decision.response().topics().get(0).result().isOk()).isTrue();
    assertThat(decision.response().topics().get(0).partitions()).isEqualTo(2);
  }

  @Test
  void placement_spreadsLeadersAndReplicasEvenly() {
    MetadataImage image = Images.withBrokers(1, 2, 3, 4, 5);
    TopicImage topic = topic(created(image, new NewTopic("t", 20, 3)), "t");

    Map<Integer, Integer> leaders = new HashMap<>();
    Map<Integer, Integer> replicas = new HashMap<>();
    for (PartitionImage state : topic.partitions()) {
      leaders.merge(state.leader(), 1, Integer::sum);
      state.replicas().forEach(id -> replicas.merge(id, 1, Integer::sum));
      assertThat(state.leader()).isEqualTo(state.preferredLeader());
      assertThat(state.isr()).isEqualTo(state.replicas());
    }
    assertThat(leaders.values()).containsOnly(4);
    assertThat(replicas.values()).containsOnly(12);
  }

  @Test
  void placement_usesDifferentRacksWhileThereAreAny() {
    MetadataImage image = MetadataImage.EMPTY;
    for (int id = 1; id <= 6; id++) {
      image = Images.withBroker(image, id, "rack-" + id % 3);
    }
    TopicImage topic = topic(created(image, new NewTopic("t", 30, 3)), "t");

    for (PartitionImage state : topic.partitions()) {
      assertThat(new HashSet<>(state.replicas().stream().map(id -> id % 3).toList())).hasSize(3);
    }
  }

  @Test
  void fencedBrokers_getNoReplicas_andStartOutsideIsrWhenAssigned() {
    MetadataImage image = Images.fenced(three, 2);

    TopicImage placed = topic(created(image, new NewTopic("t", 4, 2)), "t");
    TopicImage assigned =
        topic(created(image, new NewTopic("m", -1, -1, Map.of(0, List.of(2, 3)), Map.of())), "m");

    assertThat(placed.partitions())
        .allSatisfy(state -> assertThat(state.replicas()).doesNotContain(2));
    assertThat(assigned.partitions().get(0).isr()).containsExactly(3);
    assertThat(assigned.partitions().get(0).leader()).isEqualTo(3);
  }

  @Test
  void deletedTopic_isGoneWithItsConfigs_andItsNameIsFree() {
    NewTopic topic = new NewTopic("t", 2, 1, Map.of(), Map.of("retention.ms", "5"));
    MetadataImage image = created(three, topic);
    var id = topic(image, "t").id();

    MetadataImage after =
        Images.after(image, control.delete(image, new DeleteTopics(List.of(TopicRef.of(id)))));

    assertThat(after.topics()).isEqualTo(three.topics());
    assertThat(after.configs().of(ConfigResource.topic("t")).isEmpty()).isTrue();
    assertThat(topic(created(after, topic), "t").id()).isNotEqualTo(id);
  }

  @Test
  void unknownTopic_isNotDeleted() {
    var decision =
        control.delete(
            three,
            new DeleteTopics(
                List.of(TopicRef.of("x"), TopicRef.of(new io.millrace.protocol.Uuid(1, 1)))));

    assertThat(decision.response().topics())
        .extracting(one -> one.result().error())
        .containsExactly(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_ID);
  }

  @Test
  void morePartitions_areAdded_fewerAreRefused() {
    MetadataImage image = created(three, new NewTopic("t", 2, 2));
    CreatePartitions request =
        new CreatePartitions(
            List.of(new Growth("t", 5, List.of()), new Growth("x", 5, List.of())), false);

    ControlDecision<CreatePartitions.Response> decision = control.grow(image, request);
    ControlDecision<CreatePartitions.Response> fewer =
        control.grow(image, new CreatePartitions(List.of(new Growth("t", 2, List.of())), false));

    TopicImage grown = topic(Images.after(image, decision), "t");
    assertThat(grown.partitions())
        .hasSize(5)
        .allSatisfy(state -> assertThat(state.replicas()).hasSize(2));
    assertThat(grown.partitions().subList(0, 2)).isEqualTo(topic(image, "t").partitions());
    assertThat(decision.response().topics().get(1).result().error())
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assertThat(fewer.response().topics().get(0).result().error())
        .isEqualTo(ErrorCode.INVALID_PARTITIONS);
  }

  private MetadataImage created(MetadataImage image, NewTopic... topics) {
    ControlDecision<CreateTopics.Response> decision =
        control.create(image, new CreateTopics(List.of(topics), false));
    assertThat(decision.response().topics())
        .allSatisfy(one -> assertThat(one.result()).isEqualTo(Result.OK));
    return Images.after(image, decision);
  }

  private static TopicImage topic(MetadataImage image, String name) {
    return Objects.requireNonNull(image.topics().topic(name));
  }
}
