package io.millrace.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Clock;
import io.millrace.metadata.controller.ConfigValidator;
import io.millrace.metadata.controller.ControllerConfig;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.quorum.QuorumConfig;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.network.FreePorts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class MetadataNodeTest {

  private static final Logger LOG = LoggerFactory.getLogger(MetadataNodeTest.class);
  private static final long SECOND = 1_000_000_000L;

  @TempDir Path directory;
  private final SplittableRandom random = new SplittableRandom(42);
  private final Map<Integer, MetadataNode> nodes = new HashMap<>();
  private List<VoterAddress> voters = List.of();

  @AfterEach
  void stopAll() {
    nodes.values().parallelStream().forEach(MetadataNode::close);
  }

  @Test
  void singleNode_createsTopicsAndFindsThemAfterRestart() throws Exception {
    voters = freePorts(1);
    start(1);
    register(1);
    CreateTopics.Response created = create(1, new NewTopic("orders", 3, 1));
    assertThat(created.topics().get(0).result().isOk()).isTrue();
    assertThat(image(1).topics().topic("orders")).isNotNull(); // read your writes

    Objects.requireNonNull(nodes.remove(1)).close();
    start(1);

    await("topics are back", () -> image(1).topics().topic("orders") != null);
    register(1);
    TopicImage orders = Objects.requireNonNull(image(1).topics().topic("orders"));
    await(
        "leaders are back",
        () ->
            Objects.requireNonNull(image(1).topics().topic("orders")).partitions().stream()
                .allMatch(PartitionImage::hasLeader));
    assertThat(orders.partitions()).hasSize(3);
  }

  @Test
  void threeNodes_surviveTheLossOfTheController() throws Exception {
    voters = freePorts(3);
    for (int id = 1; id <= 3; id++) {
      start(id);
    }
    for (int id = 1; id <= 3; id++) {
      register(id);
    }
    assertThat(create(2, new NewTopic("orders", 6, 3)).topics().get(0).result().isOk()).isTrue();
    for (int id = 1; id <= 3; id++) {
      int node = id;
      await("node " + id + " sees the topic", () -> image(node).topics().topic("orders") != null);
    }

    // A change of the ISR through the client of a leader; a stale repeat is refused.
    TopicImage orders = Objects.requireNonNull(image(1).topics().topic("orders"));
    PartitionImage first = orders.partitions().get(0);
    AlterPartition.IsrChange shrink =
        new AlterPartition.IsrChange(
            orders.id(),
            0,
            first.leaderEpoch(),
            first.partitionEpoch(),
            List.of(new AlterPartition.Member(first.leader(), -1)));
    var client = node(first.leader()).client();
    assertThat(
            client
                .alterPartition(List.of(shrink))
                .get(10, TimeUnit.SECONDS)
                .partitions()
                .get(0)
                .isr())
        .containsExactly(first.leader());
    assertThat(
            client
                .alterPartition(List.of(shrink))
                .get(10, TimeUnit.SECONDS)
                .partitions()
                .get(0)
                .result()
                .error())
        .isEqualTo(ErrorCode.INVALID_UPDATE_VERSION);

    // The controller's whole node goes, broker included.
    int lost = Objects.requireNonNull(node(1).client().controllerId());
    int other = lost == 1 ? 2 : 1;
    long revision = image(other).revision();
    long begin = System.nanoTime();
    Objects.requireNonNull(nodes.remove(lost)).close();
    long closed = System.nanoTime();
    await("partitions led by the survivors", () -> ledWithout(image(other), lost));
    long healed = System.nanoTime();
    LOG.info(
        "FAILOVER closeMs={} healedAfterCloseMs={}",
        (closed - begin) / 1_000_000,
        (healed - closed) / 1_000_000);

    assertThat(image(other).revision()).isGreaterThan(revision);
    assertThat(create(other, new NewTopic("payments", 1, 2)).topics().get(0).result().isOk())
        .isTrue();
    for (int id : nodes.keySet()) {
      assertThat(node(id).client().leaseValid()).isTrue();
      assertThat(image(id).cluster().isActive(id)).isTrue();
    }

    // It comes back and finds its place.
    start(lost);
    register(lost);
    await("node sees what it missed", () -> image(lost).topics().topic("payments") != null);
    assertThat(node(lost).client().allocateProducerIds().get(10, TimeUnit.SECONDS).count())
        .isEqualTo(1_000);
    assertThat(node(lost).client().describeQuorum().get(10, TimeUnit.SECONDS).voters()).hasSize(3);
  }

  private static boolean ledWithout(MetadataImage image, int lost) {
    TopicImage topic = image.topics().topic("orders");
    return topic != null
        && topic.partitions().stream()
            .filter(state -> !state.isr().equals(List.of(lost)))
            .allMatch(
                state ->
                    state.hasLeader() && state.leader() != lost && !state.isr().contains(lost));
  }

  private void start(int id) {
    QuorumConfig quorum =
        QuorumConfig.of(id, directory.resolve("node-" + id), voters)
            .withTiming(QuorumConfig.Timing.PRODUCTION);
    MetadataConfig config =
        MetadataConfig.voter(quorum, ControllerConfig.DEFAULTS, ConfigValidator.PERMISSIVE);
    nodes.put(
        id,
        MetadataNode.start(
            config, Clock.system(), (what, cause) -> LOG.error("fatal: {}", what, cause)));
  }

  private void register(int id) throws Exception {
    RegisterBroker registration =
        new RegisterBroker(
            id,
            Uuid.random(random),
            new Uuid(7, id),
            null,
            List.of(new Endpoint("PLAINTEXT", "localhost", 9092, "PLAINTEXT")));
    node(id).client().register(registration).get(30, TimeUnit.SECONDS);
    await(
        "broker " + id + " active",
        () -> image(id).cluster().isActive(id) && node(id).client().leaseValid());
  }

  private CreateTopics.Response create(int via, NewTopic topic) throws Exception {
    return node(via)
        .client()
        .send(new CreateTopics(List.of(topic), false), 10 * SECOND)
        .get(15, TimeUnit.SECONDS);
  }

  private MetadataNode node(int id) {
    return Objects.requireNonNull(nodes.get(id));
  }

  private MetadataImage image(int id) {
    return node(id).client().image();
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + 30 * SECOND;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(5_000_000);
    }
  }

  private static List<VoterAddress> freePorts(int count) {
    List<VoterAddress> voters = new ArrayList<>();
    for (int port : FreePorts.find(count)) {
      voters.add(new VoterAddress(voters.size() + 1, "127.0.0.1", port));
    }
    return voters;
  }
}
