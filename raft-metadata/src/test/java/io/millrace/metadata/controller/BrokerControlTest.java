package io.millrace.metadata.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.request.AlterConfigs;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.AlterPartition.IsrChange;
import io.millrace.metadata.request.AlterPartition.Member;
import io.millrace.metadata.request.ControlledShutdown;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.metadata.request.ReportStorage;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BrokerControlTest {

  private final MetadataImage image = withTopic(Map.of(0, List.of(1, 2, 3), 1, List.of(2, 3, 1)));

  @Test
  void newBroker_registersFenced_andIsLetInOnceItHasCaughtUp() {
    var decision = BrokerControl.register(image, registration(4, 1, 7), false);
    MetadataImage registered = Images.after(image, decision);
    BrokerImage broker = Objects.requireNonNull(registered.cluster().broker(4));

    assertThat(decision.response().epoch()).isEqualTo(BrokerControl.EPOCH_OF_COMMIT);
    assertThat(broker.epoch()).isEqualTo(registered.revision());
    assertThat(broker.isActive()).isFalse();
    assertThat(
            BrokerControl.heartbeat(
                    registered, new Heartbeat(4, broker.epoch(), broker.epoch() - 1, false))
                .changes())
        .isEmpty();
    var caughtUp =
        BrokerControl.heartbeat(
            registered, new Heartbeat(4, broker.epoch(), broker.epoch(), false));
    assertThat(Images.after(registered, caughtUp).cluster().isActive(4)).isTrue();
  }

  @Test
  void repeatedRegistration_answersTheSameEpoch() {
    var decision = BrokerControl.register(image, registration(1, 1, 7), true);

    assertThat(decision.changes()).isEmpty();
    assertThat(decision.response().epoch())
        .isEqualTo(Objects.requireNonNull(image.cluster().broker(1)).epoch());
  }

  @Test
  void otherDirectory_isRefusedWhileTheFirstIsAlive_takenAfterwards() {
    var alive = BrokerControl.register(image, registration(1, 99, 8), true);
    var gone = BrokerControl.register(image, registration(1, 99, 8), false);

    assertThat(alive.response().result().error())
        .isEqualTo(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
    assertThat(gone.response().result().isOk()).isTrue();
  }

  @Test
  void restartOnTheSameDirectory_replacesTheFormerLifeAtOnce() {
    var decision = BrokerControl.register(image, registration(1, 99, 7), true);
    MetadataImage after = Images.after(image, decision);

    assertThat(decision.response().result().isOk()).isTrue();
    assertThat(after.cluster().isActive(1)).isFalse();
    assertThat(partition(after, 0).leader()).isEqualTo(2);
    assertThat(partition(after, 0).isr()).containsExactly(2, 3);
  }

  @Test
  void emptyDirectory_isRefusedWhileItsBrokerIsTheOnlyReplicaInSync() {
    MetadataImage alone = Images.fenced(Images.fenced(Images.fenced(image, 3), 2), 1);

    var decision = BrokerControl.register(alone, registration(1, 99, 8), false);

    assertThat(decision.response().result().error()).isEqualTo(ErrorCode.INVALID_REGISTRATION);
    assertThat(decision.response().result().message()).contains("t-0");
  }

  @Test
  void fencedBroker_losesLeadershipsAndItsPlaceInIsrs() {
    MetadataImage after = Images.fenced(image, 2);

    assertThat(partition(after, 0))
        .isEqualTo(new PartitionImage(0, List.of(1, 2, 3), List.of(1, 3), 1, 0, 1));
    assertThat(partition(after, 1))
        .isEqualTo(new PartitionImage(1, List.of(2, 3, 1), List.of(3, 1), 3, 1, 1));
  }

  @Test
  void staleEpoch_isRefused_andFencesNobody() {
    assertThat(
            BrokerControl.heartbeat(image, new Heartbeat(1, 77, 99, false))
                .response()
                .result()
                .error())
        .isEqualTo(ErrorCode.STALE_BROKER_EPOCH);
    assertThat(
            BrokerControl.heartbeat(image, new Heartbeat(9, 1, 99, false))
                .response()
                .result()
                .error())
        .isEqualTo(ErrorCode.BROKER_ID_NOT_REGISTERED);
    assertThat(BrokerControl.fence(image, 1, 77)).isEmpty();
  }

  @Test
  void controlledShutdown_movesLeadershipAway_andCountsWhatStays() {
    var decision =
        BrokerControl.controlledShutdown(image, new ControlledShutdown(1, epoch(image, 1)));
    MetadataImage after = Images.after(image, decision);
    MetadataImage alone = Images.fenced(Images.fenced(image, 3), 2);
    var stuck = BrokerControl.controlledShutdown(alone, new ControlledShutdown(1, epoch(alone, 1)));

    assertThat(decision.response().remaining()).isZero();
    assertThat(partition(after, 0).leader()).isEqualTo(2);
    assertThat(after.cluster().isActive(1)).isFalse();
    assertThat(stuck.response().remaining()).isEqualTo(2);
  }

  @Test
  void failedDisk_losesWhatLiesOnIt_andNothingElse() {
    MetadataImage after = report(image, 1, new BrokerStorage(true, 1, offline(0)));

    assertThat(partition(after, 0))
        .isEqualTo(new PartitionImage(0, List.of(1, 2, 3), List.of(2, 3), 2, 1, 1));
    assertThat(partition(after, 1)).isEqualTo(partition(image, 1));
    assertThat(after.cluster().isActive(1)).isTrue();
    assertThat(after.cluster().takesReplicas(1)).isTrue();
    assertThat(alter(after, 2, 1, 1, 2, 1).error()).isEqualTo(ErrorCode.INELIGIBLE_REPLICA);
    // Nor is it elected there by any other way.
    MetadataImage othersGone = Images.fenced(Images.fenced(after, 3), 2);
    assertThat(partition(othersGone, 0).leader()).isEqualTo(PartitionImage.NO_LEADER);
    assertThat(LeaderControl.rebalance(after, 10)).isEmpty();
  }

  @Test
  void failedDiskOfTheLastReplica_leavesItInTheIsrWithoutALeader_untilItIsBack() {
    MetadataImage alone = Images.fenced(Images.fenced(image, 3), 2);
    MetadataImage failed = report(alone, 1, new BrokerStorage(true, 1, offline(0)));
    MetadataImage back = report(failed, 1, BrokerStorage.WELL);

    assertThat(partition(failed, 0).isr()).containsExactly(1);
    assertThat(partition(failed, 0).leader()).isEqualTo(PartitionImage.NO_LEADER);
    assertThat(partition(failed, 1).leader()).isEqualTo(1);
    assertThat(partition(back, 0).leader()).isEqualTo(1);
    // The log's former life ends with its epoch: it may have appended what is gone now.
    assertThat(partition(back, 0).leaderEpoch()).isEqualTo(partition(alone, 0).leaderEpoch() + 2);
  }

  @Test
  void brokerWithoutAGoodDisk_getsNoReplicas_andIsNamed() {
    MetadataImage after = report(image, 1, new BrokerStorage(false, 1, offline(0, 1)));
    TopicControl control =
        new TopicControl(
            ControllerConfig.DEFAULTS, ConfigValidator.PERMISSIVE, new SplittableRandom(7));

    var two = control.create(after, new CreateTopics(List.of(new NewTopic("u", 6, 2)), false));
    var three = control.create(after, new CreateTopics(List.of(new NewTopic("v", 6, 3)), false));

    assertThat(Objects.requireNonNull(Images.after(after, two).topics().topic("u")).partitions())
        .allSatisfy(state -> assertThat(state.replicas()).doesNotContain(1));
    assertThat(three.response().topics().get(0).result().error())
        .isEqualTo(ErrorCode.INVALID_REPLICATION_FACTOR);
    assertThat(three.response().topics().get(0).result().message()).contains("brokers [1]");
  }

  @Test
  void newLifeOfABroker_countsAsWell_untilItReports() {
    MetadataImage failed = report(image, 1, new BrokerStorage(false, 1, offline(0)));
    MetadataImage after =
        Images.after(failed, BrokerControl.register(failed, registration(1, 99, 7), true));

    assertThat(Objects.requireNonNull(after.cluster().broker(1)).storage())
        .isEqualTo(BrokerStorage.WELL);
  }

  @Test
  void reportOfAFormerLife_isRefused() {
    var decision =
        BrokerControl.reportStorage(
            image, new ReportStorage(1, 77, new BrokerStorage(false, 1, offline(0))));

    assertThat(decision.response().error()).isEqualTo(ErrorCode.STALE_BROKER_EPOCH);
    assertThat(decision.changes()).isEmpty();
  }

  private Map<Uuid, List<Integer>> offline(Integer... partitions) {
    return Map.of(topic(image).id(), List.of(partitions));
  }

  private static MetadataImage report(MetadataImage image, int id, BrokerStorage storage) {
    var decision =
        BrokerControl.reportStorage(image, new ReportStorage(id, epoch(image, id), storage));
    assertThat(decision.response().isOk()).isTrue();
    return Images.after(image, decision);
  }

  @Test
  void unregister_isRefusedForTheLiving() {
    assertThat(BrokerControl.unregister(image, 1, true).response().error())
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    MetadataImage after =
        Images.after(image, BrokerControl.unregister(Images.fenced(image, 1), 1, false));
    assertThat(after.cluster().broker(1)).isNull();
  }

  @Test
  void isrChange_isAdmittedFromTheLeaderOfTheEpoch_only() {
    assertThat(alter(1, 0, 0, 1, 2).error()).isEqualTo(ErrorCode.NONE);
    assertThat(alter(2, 0, 0, 1, 2).error()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(alter(1, 1, 0, 1, 2).error()).isEqualTo(ErrorCode.NOT_CONTROLLER);
    assertThat(alter(1, 0, 0, 2, 3).error()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(alter(1, 0, 0).error()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(alter(1, 0, 0, 1, 4).error()).isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  void isrChange_ofFormerEpochs_isFenced() {
    MetadataImage moved =
        Images.fenced(image, 1); // leader of 0 is 2 now, leader epoch 1, partition epoch 1

    assertThat(alter(moved, 2, 0, 0, 2).error()).isEqualTo(ErrorCode.FENCED_LEADER_EPOCH);
    assertThat(alter(moved, 2, 1, 0, 2).error()).isEqualTo(ErrorCode.INVALID_UPDATE_VERSION);
    assertThat(alter(moved, 2, 1, 1, 2, 1).error()).isEqualTo(ErrorCode.INELIGIBLE_REPLICA);
    assertThat(alter(moved, 2, 1, 1, 2).error()).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void allowingUncleanElection_givesLeaderlessPartitionsALeader() {
    MetadataImage alone = Images.fenced(Images.fenced(Images.fenced(image, 3), 2), 1);
    MetadataImage otherBack =
        Images.after(
            alone, BrokerControl.heartbeat(alone, new Heartbeat(2, epoch(alone, 2), 1_000, false)));
    assertThat(partition(otherBack, 0).hasLeader()).isFalse();

    var decision =
        new ConfigControl(ConfigValidator.PERMISSIVE)
            .alter(
                otherBack,
                new AlterConfigs(
                    List.of(
                        new AlterConfigs.ResourceChange(
                            ConfigResource.topic("t"),
                            List.of(
                                new AlterConfigs.Change(
                                    Partitions.UNCLEAN_ELECTION,
                                    AlterConfigs.Operation.SET,
                                    "true")),
                            false)),
                    false));

    PartitionImage after = partition(Images.after(otherBack, decision), 0);
    assertThat(after.leader()).isEqualTo(2);
    assertThat(after.isr()).containsExactly(2);
  }

  private Result alter(int leader, int leaderEpoch, int partitionEpoch, int... isr) {
    return alter(image, leader, leaderEpoch, partitionEpoch, isr);
  }

  private static Result alter(
      MetadataImage image, int leader, int leaderEpoch, int partitionEpoch, int... isr) {
    List<Member> members = Arrays.stream(isr).mapToObj(id -> new Member(id, -1)).toList();
    IsrChange change = new IsrChange(topic(image).id(), 0, leaderEpoch, partitionEpoch, members);
    return IsrControl.alter(
            image, new AlterPartition(leader, epoch(image, leader), List.of(change)))
        .response()
        .partitions()
        .get(0)
        .result();
  }

  private static MetadataImage withTopic(Map<Integer, List<Integer>> assignments) {
    MetadataImage brokers = Images.withBrokers(1, 2, 3);
    TopicControl control =
        new TopicControl(
            ControllerConfig.DEFAULTS, ConfigValidator.PERMISSIVE, new SplittableRandom(7));
    NewTopic topic = new NewTopic("t", -1, -1, assignments, Map.of());
    return Images.after(brokers, control.create(brokers, new CreateTopics(List.of(topic), false)));
  }

  private static RegisterBroker registration(int id, int incarnation, int directory) {
    return new RegisterBroker(
        id,
        new Uuid(incarnation, id),
        new Uuid(directory, id),
        null,
        List.of(new Endpoint("P", "h", 1, "PLAINTEXT")));
  }

  private static long epoch(MetadataImage image, int id) {
    return Objects.requireNonNull(image.cluster().broker(id)).epoch();
  }

  private static TopicImage topic(MetadataImage image) {
    return Objects.requireNonNull(image.topics().topic("t"));
  }

  private static PartitionImage partition(MetadataImage image, int index) {
    return topic(image).partitions().get(index);
  }
}
