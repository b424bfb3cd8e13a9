package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.tools.system.GroupMember.Subscription;
import io.millrace.tools.system.MemberEvent.Kind;
import io.millrace.tools.system.MemberProcess.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Groups of unmodified kafka-clients, today's and one of five years ago, under either protocol. The
 * tests wait for sessions and heartbeats more than they work, so they run side by side.
 */
@Execution(ExecutionMode.CONCURRENT)
@SuppressWarnings("try") // members are held, not called, and some leave early
class GroupsIT {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Twice the limit, so that nothing that a test awaits can be the end of a session. */
  private static final String SESSION_MS = "60000";

  @TempDir private static Path directory;
  private static ProcessCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster =
        GroupClusters.start(directory, 3, Map.of("group.consumer.session.timeout.ms", SESSION_MS));
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @ParameterizedTest
  @CsvSource({
    "classic, range",
    "classic, roundrobin",
    "classic, sticky",
    "classic, cooperative-sticky",
    "consumer, uniform",
    "consumer, range"
  })
  void membersShareTheTopics_andCommitsOutliveThem(String protocol, String assignor)
      throws Exception {
    String group = "share-" + protocol + "-" + assignor;
    Set<TopicPartition> partitions = topics(group, 2, 3);
    Properties settings = settings(protocol, group, assignor);
    Subscription subscription = Subscription.topics(List.of(group + "-0", group + "-1"));
    GroupLedger ledger = new GroupLedger();
    Map<TopicPartition, Long> ends = GroupClusters.produce(cluster, partitions, 50);

    try (GroupMember a = new GroupMember("a", settings, subscription, ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "a");
      ledger.awaitCommitted(ends, LIMIT);
      try (GroupMember b = new GroupMember("b", settings, subscription, ledger)) {
        ledger.awaitOwners(partitions, LIMIT, "a", "b");
        ends = GroupClusters.produce(cluster, partitions, 50);
        ledger.awaitCommitted(ends, LIMIT);
        a.close();
        ledger.awaitOwners(partitions, LIMIT, "b");
      }
    }
    ends = GroupClusters.produce(cluster, partitions, 50);
    try (GroupMember c = new GroupMember("c", settings, subscription, ledger)) {
      ledger.awaitCommitted(ends, LIMIT);
    }

    ledger.verify();
    assertThat(ledger.recordsRead()).as("read once each").isEqualTo(6 * 150);
    assertThat(GroupClusters.committed(cluster, group)).isEqualTo(ends);
    Await.until("the group is empty", LIMIT, () -> state(group) == GroupState.EMPTY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"range", "cooperative-sticky"})
  void membersOfFiveYearsAgo_shareTheTopicWithOneAnotherAndWithTodays(String assignor)
      throws Exception {
    String group = "old-" + assignor;
    Set<TopicPartition> partitions = topics(group, 1, 6);
    Properties settings = GroupClusters.classic(cluster, group, assignor);
    List<String> topics = List.of(group + "-0");
    GroupLedger ledger = new GroupLedger();
    Map<TopicPartition, Long> ends = GroupClusters.produce(cluster, partitions, 50);

    try (MemberProcess old =
        MemberProcess.start(
            directory,
            Version.FIVE_YEARS_AGO,
            List.of(group + "-a", group + "-b"),
            topics,
            settings,
            ledger)) {
      ledger.awaitOwners(partitions, LIMIT, group + "-a", group + "-b");
      ledger.awaitCommitted(ends, LIMIT);
      try (GroupMember c = new GroupMember("c", settings, Subscription.topics(topics), ledger)) {
        ledger.awaitOwners(partitions, LIMIT, group + "-a", group + "-b", "c");
        ends = GroupClusters.produce(cluster, partitions, 50);
        ledger.awaitCommitted(ends, LIMIT);
        old.stop();
        ledger.awaitOwners(partitions, LIMIT, "c");
      }
    }

    ledger.verify();
    assertThat(ledger.recordsRead()).as("read once each").isEqualTo(6 * 100);
    assertThat(GroupClusters.committed(cluster, group)).isEqualTo(ends);
  }

  @Test
  void membersOfBothProtocols_shareOneGroup() throws Exception {
    String group = "both";
    Set<TopicPartition> partitions = topics(group, 1, 6);
    Subscription subscription = Subscription.topics(List.of("both-0"));
    GroupLedger ledger = new GroupLedger();
    Map<TopicPartition, Long> ends = GroupClusters.produce(cluster, partitions, 50);

    try (GroupMember classic =
        new GroupMember(
            "classic",
            GroupClusters.classic(cluster, group, "cooperative-sticky"),
            subscription,
            ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "classic");
      try (GroupMember modern =
          new GroupMember(
              "modern", GroupClusters.modern(cluster, group, "uniform"), subscription, ledger)) {
        ledger.awaitOwners(partitions, LIMIT, "classic", "modern");
        ledger.awaitCommitted(ends, LIMIT);
      }
      ledger.awaitOwners(partitions, LIMIT, "classic");
      ends = GroupClusters.produce(cluster, partitions, 50);
      ledger.awaitCommitted(ends, LIMIT);
    }

    ledger.verify();
    assertThat(GroupClusters.committed(cluster, group)).isEqualTo(ends);
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void staticMemberThatReturnsInTime_keepsItsPartitionsAndDisturbsNobody(String protocol)
      throws Exception {
    String group = "static-" + protocol;
    Set<TopicPartition> partitions = topics(group, 1, 4);
    Subscription subscription = Subscription.topics(List.of(group + "-0"));
    GroupLedger ledger = new GroupLedger();

    try (GroupMember a =
            new GroupMember("a", instance(protocol, group, "i-a"), subscription, ledger);
        GroupMember b =
            new GroupMember("b", instance(protocol, group, "i-b"), subscription, ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "a", "b");
      Set<TopicPartition> heldByA = ledger.holdings().get("a");
      int disturbances = ledger.of("b", Kind.REVOKED).size();
      a.close();
      try (GroupMember again =
          new GroupMember("again", instance(protocol, group, "i-a"), subscription, ledger)) {
        ledger.awaitOwners(partitions, LIMIT, "again", "b");
        assertThat(ledger.holdings().get("again")).isEqualTo(heldByA);
        assertThat(ledger.of("b", Kind.REVOKED)).hasSize(disturbances);
      }
    }
    ledger.verify();
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void memberThatIsKilled_isReplacedBeforeItsSessionEnds(String protocol) throws Exception {
    assumeTrue(BrokerKind.chosen() == BrokerKind.MILLRACE, "Kafka waits for the session");
    // given: two members, one of them a process of its own
    String group = "killed-" + protocol;
    Set<TopicPartition> partitions = topics(group, 1, 4);
    List<String> topics = List.of(group + "-0");
    Properties settings =
        settings(protocol, group, protocol.equals("classic") ? "range" : "uniform");
    if (protocol.equals("classic")) {
      settings.put("session.timeout.ms", SESSION_MS);
    }
    GroupLedger ledger = new GroupLedger();
    String victim = group + "-b";
    try (GroupMember a = new GroupMember("a", settings, Subscription.topics(topics), ledger);
        MemberProcess b =
            MemberProcess.start(
                directory, Version.TODAY, List.of(victim), topics, settings, ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "a", victim);

      // when
      b.kill();
      ledger.gone(List.of(victim));

      // then
      ledger.awaitOwners(partitions, LIMIT, "a");
    }
    ledger.verify();
  }

  @Test
  void secondMemberWithTheSameInstanceId_fencesTheFirst() throws Exception {
    String group = "fenced-instance";
    Set<TopicPartition> partitions = topics(group, 1, 2);
    Subscription subscription = Subscription.topics(List.of(group + "-0"));
    GroupLedger ledger = new GroupLedger();

    try (GroupMember first =
        new GroupMember("first", instance("classic", group, "same"), subscription, ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "first");
      try (GroupMember second =
          new GroupMember("second", instance("classic", group, "same"), subscription, ledger)) {
        ledger.await(
            "the first is fenced",
            LIMIT,
            all ->
                all.stream()
                    .anyMatch(
                        event ->
                            event.member().equals("first")
                                && event.kind() == Kind.FAILED
                                && event.detail().contains("FencedInstanceId")));
        ledger.awaitOwners(partitions, LIMIT, "second");
      }
    }
  }

  @Test
  void patternOfTheClient_findsTopicsThatComeLater() throws Exception {
    String group = "pattern-client";
    Set<TopicPartition> partitions = topics(group, 1, 2);
    GroupLedger ledger = new GroupLedger();

    try (GroupMember member =
        new GroupMember(
            "a",
            GroupClusters.classic(cluster, group, "range"),
            Subscription.pattern("pattern-client-.*"),
            ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "a");
      cluster.createTopic("pattern-client-late", 2, 3);
      Set<TopicPartition> more = new HashSet<>(partitions);
      more.addAll(GroupClusters.partitions("pattern-client-late", 2));
      ledger.awaitOwners(more, LIMIT, "a");
    }
    ledger.verify();
  }

  @Test
  void patternOfTheBroker_findsTopicsThatComeLater() throws Exception {
    String group = "pattern-broker";
    Set<TopicPartition> partitions = topics(group, 1, 2);
    GroupLedger ledger = new GroupLedger();

    try (GroupMember member =
        new GroupMember(
            "a",
            GroupClusters.modern(cluster, group, "uniform"),
            (consumer, listener) ->
                consumer.subscribe(new SubscriptionPattern("pattern-broker-[a-z0-9]+"), listener),
            ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "a");
      cluster.createTopic("pattern-broker-late", 2, 3);
      cluster.createTopic("pattern-broker-NOT", 2, 3);
      Set<TopicPartition> more = new HashSet<>(partitions);
      more.addAll(GroupClusters.partitions("pattern-broker-late", 2));
      ledger.awaitOwners(more, LIMIT, "a");
    }
    ledger.verify();
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void readCommitted_isTaken(String protocol) throws Exception {
    String group = "isolated-" + protocol;
    Set<TopicPartition> partitions = topics(group, 1, 2);
    Properties settings =
        settings(protocol, group, protocol.equals("classic") ? "range" : "uniform");
    settings.put("isolation.level", "read_committed");
    GroupLedger ledger = new GroupLedger();
    Map<TopicPartition, Long> ends = GroupClusters.produce(cluster, partitions, 20);

    try (GroupMember member =
        new GroupMember("a", settings, Subscription.topics(List.of(group + "-0")), ledger)) {
      ledger.awaitCommitted(ends, LIMIT);
    }
    ledger.verify();
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void partitionsThatAreAdded_areGivenOut(String protocol) throws Exception {
    String group = "grown-" + protocol;
    Set<TopicPartition> partitions = topics(group, 1, 2);
    String topic = group + "-0";
    Properties settings =
        settings(protocol, group, protocol.equals("classic") ? "cooperative-sticky" : "uniform");
    GroupLedger ledger = new GroupLedger();

    try (GroupMember a =
        new GroupMember("a", settings, Subscription.topics(List.of(topic)), ledger)) {
      ledger.awaitOwners(partitions, LIMIT, "a");
      cluster.admin().createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
      ledger.awaitOwners(GroupClusters.partitions(topic, 4), LIMIT, "a");
    }
    ledger.verify();
  }

  private static Properties settings(String protocol, String group, String assignor) {
    return protocol.equals("classic")
        ? GroupClusters.classic(cluster, group, assignor)
        : GroupClusters.modern(cluster, group, assignor);
  }

  private static Properties instance(String protocol, String group, String id) {
    Properties settings =
        settings(protocol, group, protocol.equals("classic") ? "range" : "uniform");
    settings.put("group.instance.id", id);
    if (protocol.equals("classic")) {
      settings.put("session.timeout.ms", "20000");
    }
    return settings;
  }

  private static Set<TopicPartition> topics(String prefix, int topics, int partitions)
      throws Exception {
    Set<TopicPartition> all = new HashSet<>();
    for (int i = 0; i < topics; i++) {
      cluster.createTopic(prefix + "-" + i, partitions, 3);
      all.addAll(GroupClusters.partitions(prefix + "-" + i, partitions));
    }
    return all;
  }

  private static GroupState state(String group) throws Exception {
    return cluster
        .admin()
        .describeConsumerGroups(List.of(group))
        .all()
        .get()
        .values()
        .iterator()
        .next()
        .groupState();
  }
}
