package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.GROUP;
import static io.millrace.server.coordinator.group.GroupFixture.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponsePartitions;
import io.millrace.server.coordinator.StoredRecord;
import io.millrace.server.coordinator.group.GroupRecord.SeenRecord;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Nothing is skipped when a topic gets more partitions (decision 094). */
class AddedPartitionsTest {
  private final GroupFixture fixture = new GroupFixture();

  private void grow(int partitions) {
    fixture.image = Images.with(fixture.image, ORDERS, "orders", partitions);
  }

  private void tell() {
    fixture.groups.onPartitionsAdded(Set.of(ORDERS));
    fixture.loop.run();
  }

  private void commit(int partition, long offset) {
    assertThat(fixture.commit(9, "", -1, partition, offset)).isZero();
  }

  /** What is in the log, whatever the shard would do when asked. */
  private List<Integer> committedPartitions() {
    GroupRecordCodec codec = new GroupRecordCodec();
    return fixture.log.committed().stream()
        .map(codec::decode)
        .filter(GroupRecord.OffsetRecord.class::isInstance)
        .map(record -> ((GroupRecord.OffsetRecord) record).partition())
        .toList();
  }

  @Test
  void groupWithCommits_startsNewPartitionsAtTheBeginning() {
    commit(1, 40);
    grow(8);
    tell();
    assertThat(committedPartitions()).containsExactly(1, 6, 7);
    assertThat(fixture.fetch(6)).isZero();
    assertThat(fixture.fetch(7)).isZero();
    assertThat(fixture.fetch(1)).isEqualTo(40);
    // What was there before and never committed stays the client's to decide.
    assertThat(fixture.fetch(0)).isEqualTo(-1);
  }

  @Test
  void groupThatCommitsLater_decidesItself() {
    grow(8);
    tell();
    commit(0, 5);
    tell();
    assertThat(fixture.fetch(7)).isEqualTo(-1);
    assertThat(committedPartitions()).containsExactly(0);
  }

  @Test
  void whatIsCommittedAlready_isNotTouched() {
    commit(0, 5);
    grow(8);
    commit(7, 33);
    tell();
    assertThat(fixture.fetch(7)).isEqualTo(33);
    assertThat(fixture.fetch(6)).isZero();
  }

  @Test
  void beingToldAgain_changesNothing() {
    commit(0, 5);
    grow(8);
    tell();
    commit(6, 9);
    int records = fixture.log.committed().size();
    tell();
    fixture.failOver();
    tell();
    assertThat(fixture.log.committed()).hasSize(records);
    assertThat(fixture.fetch(6)).isEqualTo(9);
  }

  @Test
  void coordinatorThatWasNotThere_catchesUpWhenItLoads() {
    commit(0, 5);
    grow(8);
    fixture.failOver();
    assertThat(committedPartitions()).containsExactly(0, 6, 7);
    assertThat(fixture.fetch(7)).isZero();
    assertThat(fixture.fetch(1)).isEqualTo(-1);
  }

  @Test
  void fetchBeforeTheNews_isAnsweredRight() {
    commit(0, 5);
    grow(7);
    assertThat(fixture.fetch(6)).isZero();
    grow(8);
    assertThat(
            fixture
                .now(
                    fixture.groups.fetchOffsets(
                        (short) 9,
                        OffsetFetchRequest.builder()
                            .groups(List.of(new OffsetFetchRequestGroup(GROUP, null, -1, null)))
                            .build()))
                .groups()
                .get(0)
                .topics()
                .get(0)
                .partitions())
        .extracting(OffsetFetchResponsePartitions::partitionIndex)
        .containsExactly(0, 6, 7);
  }

  @Test
  void olderImage_doesNotMoveTheNumberBack() {
    commit(0, 5);
    grow(8);
    tell();
    fixture.image = Images.with(fixture.image, ORDERS, "orders", 6);
    tell();
    fixture.failOver();
    grow(8);
    tell();
    assertThat(committedPartitions()).containsExactly(0, 6, 7);
  }

  @Test
  void clusterSetting_turnsItOff() {
    GroupFixture off = new GroupFixture(startingAdded(false));
    assertThat(off.commit(9, "", -1, 0, 5)).isZero();
    off.image = Images.with(off.image, ORDERS, "orders", 8);
    assertThat(off.fetch(7)).isEqualTo(-1);
    // Turned on later it is not for what was added before.
    off.image = withSetting(off.image, "true");
    assertThat(off.fetch(7)).isEqualTo(-1);
    off.image = Images.with(off.image, ORDERS, "orders", 9);
    assertThat(off.fetch(8)).isZero();
  }

  @Test
  void topicSetting_turnsItOff() {
    commit(0, 5);
    fixture.image = withSetting(fixture.image, "false");
    grow(8);
    tell();
    assertThat(fixture.fetch(7)).isEqualTo(-1);
  }

  private static MetadataImage withSetting(MetadataImage image, String value) {
    return new MetadataImage(
        image.revision() + 1,
        image.term(),
        image.cluster(),
        image.topics(),
        image.configs().with(ConfigResource.topic("orders"), AddedPartitions.CONFIG, value),
        image.nextProducerId());
  }

  private static GroupConfig startingAdded(boolean enabled) {
    return GroupConfigs.with("startAddedPartitions", enabled);
  }

  @Test
  void numberIsForgotten_withTheLastOffset() {
    commit(0, 5);
    commit(1, 5);
    fixture.image = Images.without(fixture.image, ORDERS);
    fixture.groups.onTopicsDeleted(Set.of(ORDERS));
    fixture.loop.run();
    GroupRecordCodec codec = new GroupRecordCodec();
    List<StoredRecord> committed = fixture.log.committed();
    assertThat(committed.stream().map(codec::decode).filter(SeenRecord.class::isInstance))
        .containsExactly(new SeenRecord(GROUP, ORDERS, 6), new SeenRecord(GROUP, ORDERS, null));
  }

  @Test
  void topicOfTheSameName_isAnother() {
    commit(0, 5);
    fixture.image = Images.with(Images.without(fixture.image, ORDERS), new Uuid(7, 7), "orders", 8);
    assertThat(fixture.fetch(7)).isEqualTo(-1);
  }

  @Test
  void partitionThatTheCoordinatorDoesNotKnowYet_isToBeAskedForAgain() {
    String member = fixture.stableGroupOfOne();
    assertThat(fixture.commit(9, member, 1, 0, 5)).isZero();
    assertThat(fetchError(7, 6)).isEqualTo(ErrorCode.UNSTABLE_OFFSET_COMMIT);
    assertThat(fetchError(6, 6)).isEqualTo(ErrorCode.NONE);
    grow(7);
    assertThat(fetchError(7, 6)).isEqualTo(ErrorCode.NONE);
    assertThat(fixture.fetch(6)).isZero();
  }

  private ErrorCode fetchError(int version, int partition) {
    return ErrorCode.forCode(
        fixture
            .now(
                fixture.groups.fetchOffsets(
                    (short) version,
                    OffsetFetchRequest.builder()
                        .groupId(GROUP)
                        .topics(
                            List.of(
                                new OffsetFetchRequest.OffsetFetchRequestTopic(
                                    "orders", List.of(partition))))
                        .groups(
                            List.of(
                                new OffsetFetchRequestGroup(
                                    GROUP,
                                    null,
                                    -1,
                                    List.of(
                                        new OffsetFetchRequestTopics(
                                            "orders", Uuid.ZERO, List.of(partition))))))
                        .build()))
            .topics()
            .get(0)
            .partitions()
            .get(0)
            .errorCode());
  }
}
