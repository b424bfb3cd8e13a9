package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FindCoordinatorResponse.Coordinator;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.coordinator.group.GroupCoordinator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The group coordinator in running nodes: where it lives, what survives, what goes. */
@NullUnmarked // a null where none may be fails the test
class GroupServiceTest {
  private static final String GROUP = "billing";

  @TempDir Path directory;
  private final List<Node> nodes = new ArrayList<>();

  @AfterEach
  void stopAll() {
    List<CompletableFuture<Void>> stops = new ArrayList<>();
    nodes.forEach(node -> stops.add(node.stop()));
    stops.forEach(TestNodes::await);
  }

  private Node start(Properties properties) {
    Node node = TestNodes.start(properties);
    nodes.add(node);
    return node;
  }

  private static Map<String, Object> client(Node node) {
    return Map.of("bootstrap.servers", "localhost:" + node.port());
  }

  private static void createTopic(Node node, String topic) throws Exception {
    try (Admin admin = Admin.create(client(node))) {
      admin
          .createTopics(List.of(new NewTopic(topic, 1, (short) 1)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
  }

  private static void send(Node node, String topic, int records) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(client(node), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < records; i++) {
        producer.send(new ProducerRecord<>(topic, new byte[] {1})).get(30, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void firstQuestionForACoordinator_createsTheInternalTopic() throws Exception {
    // given
    Properties properties = TestNodes.single(directory);
    properties.setProperty("offsets.topic.num.partitions", "3");
    Node node = start(properties);
    assertThat(node.image().topics().topic(GroupCoordinator.TOPIC)).isNull();

    // when
    List<Coordinator> found = GroupCalls.findCoordinators(node, (byte) 0, GROUP, "other");

    // then
    assertThat(found)
        .allSatisfy(
            one -> {
              assertThat(one.errorCode()).isZero();
              assertThat(one.nodeId()).isEqualTo(1);
              assertThat(one.port()).isEqualTo(node.port());
            })
        .extracting(Coordinator::key)
        .containsExactly(GROUP, "other");
    TopicImage topic = node.image().topics().topic(GroupCoordinator.TOPIC);
    assertThat(topic.partitions()).hasSize(3);
    assertThat(GroupCalls.findCoordinators(node, (byte) 1, GROUP))
        .extracting(Coordinator::errorCode)
        .containsExactly(ErrorCode.INVALID_REQUEST.code());
  }

  @Test
  void internalTopic_isShownAsSuch_andLeftAlone() throws Exception {
    // given
    Node node = start(TestNodes.single(directory));
    String internal = GroupCoordinator.TOPIC;
    try (Admin admin = Admin.create(client(node))) {
      assertRefused(
          () -> admin.createTopics(List.of(new NewTopic(internal, 1, (short) 1))).all().get());
      GroupCalls.findCoordinators(node, (byte) 0, GROUP);

      // when, then
      assertThat(
              admin
                  .describeTopics(List.of(internal))
                  .allTopicNames()
                  .get(30, TimeUnit.SECONDS)
                  .get(internal)
                  .isInternal())
          .isTrue();
      assertThat(admin.listTopics().names().get(30, TimeUnit.SECONDS)).doesNotContain(internal);
      assertRefused(() -> admin.deleteTopics(List.of(internal)).all().get());
      assertRefused(
          () -> admin.createPartitions(Map.of(internal, NewPartitions.increaseTo(99))).all().get());
    }
    assertRefused(() -> send(node, internal, 1));
  }

  private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(InvalidTopicException.class);
  }

  @Test
  void committedOffset_survivesARestart() throws Exception {
    // given
    Properties properties = TestNodes.single(directory);
    Node node = start(properties);
    createTopic(node, "orders");
    GroupCalls.awaitCoordinator(nodes, GROUP);
    assertThat(GroupCalls.commit(node, GROUP, "orders", 42)).isZero();

    // when
    TestNodes.await(node.stop());
    nodes.clear();
    Node again = start(properties);
    GroupCalls.awaitCoordinator(nodes, GROUP);

    // then
    assertThat(GroupCalls.committed(again, GROUP, "orders")).isEqualTo(42);
  }

  @Test
  void expiredOffsets_goWhenAllIsRead_andStayWhileThereIsMore() throws Exception {
    // given
    Properties properties = TestNodes.single(directory);
    properties.setProperty("offsets.retention.check.interval.ms", "50");
    Node node = start(properties);
    for (String topic : List.of("read", "unread")) {
      createTopic(node, topic);
      send(node, topic, 2);
    }
    String finished = "finished";
    GroupCalls.awaitCoordinator(nodes, GROUP);
    GroupCalls.awaitCoordinator(nodes, finished);

    // when
    GroupCalls.commitForAMoment(node, GROUP, "unread", 1);
    GroupCalls.commitForAMoment(node, GROUP, "read", 2);
    GroupCalls.commitForAMoment(node, finished, "unread", 2);
    GroupCalls.commitForAMoment(node, finished, "read", 2);

    // then
    TestNodes.awaitTrue(() -> GroupCalls.committed(node, finished, "read") == -1);
    assertThat(GroupCalls.committed(node, finished, "unread")).isEqualTo(-1);
    assertThat(GroupCalls.committed(node, GROUP, "read")).isEqualTo(2);
    assertThat(GroupCalls.committed(node, GROUP, "unread")).isEqualTo(1);
  }

  @Test
  void coordinatorGoes_nextLeaderHasEveryCommit() throws Exception {
    // given
    List<CompletableFuture<Node>> starting = new ArrayList<>();
    TestNodes.cluster(directory, 3)
        .forEach(
            properties -> {
              properties.setProperty("offsets.topic.num.partitions", "1");
              starting.add(Node.start(NodeConfig.from(properties)));
            });
    starting.forEach(node -> nodes.add(TestNodes.await(node)));
    createTopic(nodes.get(0), "orders");
    Node first = GroupCalls.awaitCoordinator(nodes, GROUP);
    TestNodes.awaitTrue(() -> partition(first).isr().size() == 3);
    assertThat(GroupCalls.commit(first, GROUP, "orders", 7)).isZero();

    // when it is killed
    nodes.remove(first);
    TestNodes.await(first.kill());
    Node second = GroupCalls.awaitCoordinator(nodes, GROUP);

    // then
    assertThat(GroupCalls.committed(second, GROUP, "orders")).isEqualTo(7);
    assertThat(GroupCalls.commit(second, GROUP, "orders", 8)).isZero();
  }

  @Test
  void partitionWithAHundredThousandOffsets_isLoadedInAMoment_andEmptiedWithItsTopic()
      throws Exception {
    // given
    int groups = 1000;
    int partitions = 100;
    Properties properties = TestNodes.single(directory);
    properties.setProperty("offsets.topic.num.partitions", "1");
    Node node = start(properties);
    try (Admin admin = Admin.create(client(node))) {
      admin
          .createTopics(List.of(new NewTopic("orders", partitions, (short) 1)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
    GroupCalls.awaitCoordinator(nodes, GROUP);
    long began = System.nanoTime();
    List<CompletableFuture<Short>> commits = new ArrayList<>();
    for (int i = 0; i < groups; i++) {
      commits.add(GroupCalls.commitAll(node, "group-" + i, "orders", partitions, i));
    }
    commits.forEach(commit -> assertThat(TestNodes.await(commit)).isZero());
    long commitMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    assertThat(node.groups().committedOffsets()).isEqualTo((long) groups * partitions);

    // when
    TestNodes.await(node.stop());
    nodes.clear();
    Node again = start(properties);
    GroupCalls.awaitCoordinator(nodes, GROUP);

    // then
    long loadMillis = again.groups().stats().longestLoadMillis();
    System.out.println(
        "100000 offsets committed in ms=" + commitMillis + ", loaded in ms=" + loadMillis);
    assertThat(loadMillis).isLessThan(10_000); // well below a second on a quiet machine
    assertThat(GroupCalls.committed(again, "group-999", "orders")).isEqualTo(999);

    // and when
    try (Admin admin = Admin.create(client(again))) {
      admin.deleteTopics(List.of("orders")).all().get(30, TimeUnit.SECONDS);
    }
    long recordsAtLeast = (long) groups * partitions;
    TestNodes.awaitTrue(() -> again.groups().stats().records() >= recordsAtLeast);
    assertThat(again.groups().stats().batches()).isGreaterThan(1);
  }

  @Test
  void compactedLog_isLoadedWhole() throws Exception {
    // given
    Properties properties = TestNodes.single(directory);
    properties.setProperty("offsets.topic.num.partitions", "1");
    properties.setProperty("offsets.topic.segment.bytes", "4096");
    properties.setProperty("log.cleaner.backoff.ms", "20");
    properties.setProperty("log.cleaner.min.cleanable.ratio", "0.01");
    Node node = start(properties);
    createTopic(node, "orders");
    GroupCalls.awaitCoordinator(nodes, GROUP);
    for (int i = 0; i <= 200; i++) {
      assertThat(GroupCalls.commit(node, "group-" + i % 7, "orders", i)).isZero();
    }
    TestNodes.awaitTrue(() -> node.metrics().getValues().get("log-cleaner-bytes-written") > 0);

    // when
    TestNodes.await(node.stop());
    nodes.clear();
    Node again = start(properties);
    GroupCalls.awaitCoordinator(nodes, GROUP);

    // then
    for (int i = 194; i <= 200; i++) {
      assertThat(GroupCalls.committed(again, "group-" + i % 7, "orders")).isEqualTo(i);
    }
  }

  @Test
  void coordinatorsKilledUnderLoad_noCommitIsLostOrGoesBack_andMembersStay() throws Exception {
    // given
    List<Properties> configs = TestNodes.cluster(directory, 3);
    List<CompletableFuture<Node>> starting = new ArrayList<>();
    configs.forEach(
        properties -> {
          properties.setProperty("offsets.topic.num.partitions", "3");
          starting.add(Node.start(NodeConfig.from(properties)));
        });
    starting.forEach(node -> nodes.add(TestNodes.await(node)));
    createTopic(nodes.get(0), "orders");
    GroupCalls.awaitCoordinator(nodes, GROUP);
    awaitThreeInSync();
    GroupStorm storm = new GroupStorm(nodes, "orders", Integer.getInteger("millrace.groups", 200));
    storm.join();
    storm.start();
    storm.awaitRounds(3);

    // when one hands over and comes back, and then another is killed
    Node stopped = nodes.remove(1);
    storm.nodes(nodes);
    TestNodes.await(stopped.stop());
    storm.awaitRounds(3);
    start(configs.get(1));
    storm.nodes(nodes);
    awaitThreeInSync();
    Node killed = nodes.remove(1);
    assertThat(killed.config().quorum().nodeId()).isEqualTo(3);
    storm.nodes(nodes);
    TestNodes.await(killed.kill());
    storm.awaitRounds(3);
    storm.end();

    // then
    storm.verify();
  }

  private void awaitThreeInSync() {
    TestNodes.awaitTrue(
        () ->
            nodes.get(0).image().topics().topic(GroupCoordinator.TOPIC).partitions().stream()
                .allMatch(partition -> partition.isr().size() == 3));
  }

  private static PartitionImage partition(Node node) {
    return node.image().topics().topic(GroupCoordinator.TOPIC).partitions().get(0);
  }
}
