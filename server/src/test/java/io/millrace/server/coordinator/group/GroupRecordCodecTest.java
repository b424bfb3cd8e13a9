package io.millrace.server.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.server.coordinator.StoredRecord;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupValue;
import io.millrace.server.coordinator.group.GroupRecord.ClassicMemberValue;
import io.millrace.server.coordinator.group.GroupRecord.ClassicSide;
import io.millrace.server.coordinator.group.GroupRecord.CurrentRecord;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import io.millrace.server.coordinator.group.GroupRecord.EpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.EpochValue;
import io.millrace.server.coordinator.group.GroupRecord.MemberRecord;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import io.millrace.server.coordinator.group.GroupRecord.RegexRecord;
import io.millrace.server.coordinator.group.GroupRecord.RegexValue;
import io.millrace.server.coordinator.group.GroupRecord.SeenRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetEpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetRecord;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataValue;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.GroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.OffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.OffsetCommitValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Kafka's generated classes read what we write, and write it back to the same bytes. */
class GroupRecordCodecTest {
  private static final GroupRecordCodec CODEC = new GroupRecordCodec();
  private static final Uuid TOPIC = new Uuid(0x1234, 0x5678);
  private static final PartitionSet PARTS =
      PartitionSet.of(TOPIC, 0, 3, 7).plus(PartitionSet.of(new Uuid(9, 9), 1));

  private static Arguments row(
      GroupRecord record, Supplier<? extends Message> key, Supplier<? extends Message> value) {
    return Arguments.of(record, key, value);
  }

  static Stream<Arguments> records() {
    ClassicMemberValue dynamic =
        new ClassicMemberValue("m1", null, "c", "/h", 2, 3, bytes("sub"), bytes("assign"));
    ClassicMemberValue fixed =
        new ClassicMemberValue("m2", "i", "c", "/h", 2, 3, bytes(""), bytes(""));
    return Stream.of(
        row(
            new OffsetRecord("g", "t", 4, new CommittedOffset(5, 6, "meta", 7, -1, Uuid.ZERO)),
            OffsetCommitKey::new,
            OffsetCommitValue::new),
        row(
            new OffsetRecord("g", "t", 4, new CommittedOffset(5, -1, "", 7, -1, TOPIC)),
            OffsetCommitKey::new,
            OffsetCommitValue::new),
        row(
            new OffsetRecord("g", "t", 4, new CommittedOffset(5, -1, "é", 7, 99, Uuid.ZERO)),
            OffsetCommitKey::new,
            OffsetCommitValue::new),
        row(new OffsetRecord("ø g\n", "t", 4, null), OffsetCommitKey::new, OffsetCommitValue::new),
        row(
            new ClassicGroupRecord(
                "g",
                new ClassicGroupValue("consumer", 3, "range", "m1", 8, List.of(dynamic, fixed))),
            GroupMetadataKey::new,
            GroupMetadataValue::new),
        row(
            new ClassicGroupRecord(
                "g", new ClassicGroupValue("consumer", 3, null, null, 8, List.of())),
            GroupMetadataKey::new,
            GroupMetadataValue::new),
        row(
            new EpochRecord("g", new EpochValue(4, 0)),
            ConsumerGroupMetadataKey::new,
            ConsumerGroupMetadataValue::new),
        row(
            new EpochRecord("g", new EpochValue(4, -77)),
            ConsumerGroupMetadataKey::new,
            ConsumerGroupMetadataValue::new),
        row(
            new MemberRecord(
                "g",
                "m",
                new MemberValue("i", "r", "c", "/h", List.of("a", "b"), "x.*", 5, "uniform", null)),
            ConsumerGroupMemberMetadataKey::new,
            ConsumerGroupMemberMetadataValue::new),
        row(
            new MemberRecord(
                "g", "m", new MemberValue(null, null, "c", "/h", List.of(), null, 5, null, null)),
            ConsumerGroupMemberMetadataKey::new,
            ConsumerGroupMemberMetadataValue::new),
        row(
            new MemberRecord(
                "g",
                "m",
                new MemberValue(
                    "i",
                    null,
                    "c",
                    "/h",
                    List.of("a"),
                    null,
                    5,
                    null,
                    new ClassicSide(
                        7,
                        List.of(
                            new JoinGroupRequestProtocol("range", bytes("subscription")),
                            new JoinGroupRequestProtocol("ø", bytes("")))))),
            ConsumerGroupMemberMetadataKey::new,
            ConsumerGroupMemberMetadataValue::new),
        row(
            new TargetEpochRecord("g", 5),
            ConsumerGroupTargetAssignmentMetadataKey::new,
            ConsumerGroupTargetAssignmentMetadataValue::new),
        row(
            new TargetRecord("g", "m", PARTS),
            ConsumerGroupTargetAssignmentMemberKey::new,
            ConsumerGroupTargetAssignmentMemberValue::new),
        row(
            new CurrentRecord(
                "g",
                "m",
                new CurrentValue(4, 3, MemberState.UNREVOKED, PARTS, PartitionSet.of(TOPIC, 9))),
            ConsumerGroupCurrentMemberAssignmentKey::new,
            ConsumerGroupCurrentMemberAssignmentValue::new),
        row(
            new RegexRecord("g", "x.*", new RegexValue(List.of("x1", "x2"), 3, 4)),
            ConsumerGroupRegularExpressionKey::new,
            ConsumerGroupRegularExpressionValue::new));
  }

  @Test
  void seenPartitions_areARecordThatKafkaDoesNotKnow() {
    for (GroupRecord record :
        List.of(new SeenRecord("g ø", TOPIC, 12), new SeenRecord("g", TOPIC, null))) {
      StoredRecord stored = CODEC.encode(record);
      assertThat(CODEC.decode(stored)).isEqualTo(record);
      assertThat(stored.key().getShort(0)).isEqualTo((short) 30_001);
    }
  }

  @ParameterizedTest
  @MethodSource("records")
  void record_isTheSameToKafka(
      GroupRecord record, Supplier<Message> keyOf, Supplier<Message> valueOf) {
    StoredRecord stored = CODEC.encode(record);

    assertThat(CODEC.decode(stored)).isEqualTo(record);
    assertSameToKafka(stored.key(), keyOf.get(), (short) 0);
    ByteBuffer value = stored.value();
    if (value != null) {
      assertSameToKafka(value, valueOf.get(), value.getShort(value.position()));
    }
  }

  /** Reads the bytes behind the 16 bits of type or version, and compares what Kafka would write. */
  private static void assertSameToKafka(ByteBuffer bytes, Message message, short version) {
    ByteBuffer ours = bytes.duplicate();
    ours.getShort();
    ByteBuffer body = ours.slice();
    message.read(new ByteBufferAccessor(body), version);
    assertThat(body.hasRemaining()).isFalse();
    ByteBuffer theirs = MessageUtil.toVersionPrefixedByteBuffer(version, message);
    theirs.getShort();
    assertThat(theirs).isEqualTo(ours);
  }

  @Test
  void typesOfKeys_areKafkas() {
    assertThat(records().map(row -> type((GroupRecord) row.get()[0])).distinct())
        .containsExactly(
            (short) 1,
            (short) 2,
            (short) 3,
            (short) 5,
            (short) 6,
            (short) 7,
            (short) 8,
            (short) 16);
  }

  private static short type(GroupRecord record) {
    return CODEC.encode(record).key().getShort(0);
  }

  @Test
  void recordOfAnUnknownKind_isPassedOver() {
    ByteBuffer key = ByteBuffer.allocate(6).putShort(0, (short) 99);
    assertThat(CODEC.decode(new StoredRecord(key, null))).isNull();
  }

  @Test
  void olderValues_areRead() {
    OffsetCommitValue value =
        new OffsetCommitValue().setOffset(9).setMetadata("m").setCommitTimestamp(3);
    ByteBuffer key = CODEC.encode(new OffsetRecord("g", "t", 0, null)).key();
    for (short version = 0; version <= 4; version++) {
      StoredRecord stored =
          new StoredRecord(key, MessageUtil.toVersionPrefixedByteBuffer(version, value));
      assertThat(CODEC.decode(stored))
          .isEqualTo(
              new OffsetRecord("g", "t", 0, new CommittedOffset(9, -1, "m", 3, -1, Uuid.ZERO)));
    }
    GroupMetadataValue group =
        new GroupMetadataValue()
            .setProtocolType("consumer")
            .setGeneration(2)
            .setProtocol("range")
            .setLeader("m")
            .setMembers(
                List.of(
                    new GroupMetadataValue.MemberMetadata()
                        .setMemberId("m")
                        .setClientId("c")
                        .setClientHost("h")
                        .setSessionTimeout(7)
                        .setSubscription(new byte[] {1})
                        .setAssignment(new byte[] {2})));
    ByteBuffer groupKey = CODEC.encode(new ClassicGroupRecord("g", null)).key();
    for (short version = 0; version <= 4; version++) {
      StoredRecord stored =
          new StoredRecord(groupKey, MessageUtil.toVersionPrefixedByteBuffer(version, group));
      if (!(CODEC.decode(stored) instanceof ClassicGroupRecord read) || read.value() == null) {
        throw new AssertionError("version " + version + " is not read");
      }
      assertThat(read.value().members().get(0).rebalanceTimeoutMs()).isEqualTo(7);
    }
  }

  private static ByteBuffer bytes(String text) {
    return GroupFixture.bytes(text);
  }
}
