package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a group shard keeps. A null value deletes what the rest of the record names. */
public sealed interface GroupRecord {

  String group();

  /** An offset of a group. */
  record OffsetRecord(String group, String topic, int partition, @Nullable CommittedOffset value)
      implements GroupRecord {}

  /**
   * How many partitions a topic had when the group was last brought up to date with it; not one of
   * Kafka's records.
   */
  record SeenRecord(String group, Uuid topicId, @Nullable Integer partitions)
      implements GroupRecord {}

  /** The whole of a classic group. */
  record ClassicGroupRecord(String group, @Nullable ClassicGroupValue value)
      implements GroupRecord {}

  /**
   * @param stateTimestamp when the group last changed its state, -1 when not known
   */
  record ClassicGroupValue(
      String protocolType,
      int generation,
      @Nullable String protocol,
      @Nullable String leader,
      long stateTimestamp,
      List<ClassicMemberValue> members) {
    public ClassicGroupValue {
      members = List.copyOf(members);
    }
  }

  /** A member as it was when its generation became stable. */
  record ClassicMemberValue(
      String memberId,
      @Nullable String instanceId,
      String clientId,
      String clientHost,
      int rebalanceTimeoutMs,
      int sessionTimeoutMs,
      ByteBuffer subscription,
      ByteBuffer assignment) {}

  /** The epoch of a consumer group and a hash of the topics that it was computed for. */
  record EpochRecord(String group, @Nullable EpochValue value) implements GroupRecord {}

  record EpochValue(int epoch, long metadataHash) {}

  /** Who a member of a consumer group is, and what it wants. */
  record MemberRecord(String group, String memberId, @Nullable MemberValue value)
      implements GroupRecord {}

  /**
   * @param topics sorted
   * @param regex null or empty when there is none
   * @param classic what a member says that still speaks the classic protocol, null for others
   */
  record MemberValue(
      @Nullable String instanceId,
      @Nullable String rackId,
      String clientId,
      String clientHost,
      List<String> topics,
      @Nullable String regex,
      int rebalanceTimeoutMs,
      @Nullable String assignor,
      @Nullable ClassicSide classic) {
    public MemberValue {
      topics = topics.stream().distinct().sorted().toList();
    }

    boolean isClassic() {
      return classic != null;
    }

    boolean hasRegex() {
      return regex != null && !regex.isEmpty();
    }
  }

  /**
   * What only the classic protocol has of a member.
   *
   * @param protocols what it speaks, the one it prefers first; never none
   */
  record ClassicSide(int sessionTimeoutMs, List<JoinGroupRequestProtocol> protocols) {
    public ClassicSide {
      protocols = List.copyOf(protocols);
    }

    /** The protocol that its part is written in: in a consumer group nobody votes. */
    JoinGroupRequestProtocol chosen() {
      return protocols.get(0);
    }

    boolean speaks(String name) {
      return protocols.stream().anyMatch(protocol -> protocol.name().equals(name));
    }
  }

  /** The group epoch that the target assignment was computed for. */
  record TargetEpochRecord(String group, @Nullable Integer assignmentEpoch)
      implements GroupRecord {}

  /** What a member shall own. */
  record TargetRecord(String group, String memberId, @Nullable PartitionSet value)
      implements GroupRecord {}

  /** What a member owns. */
  record CurrentRecord(String group, String memberId, @Nullable CurrentValue value)
      implements GroupRecord {}

  record CurrentValue(
      int epoch,
      int previousEpoch,
      MemberState state,
      PartitionSet assigned,
      PartitionSet revoking) {

    static final CurrentValue NEW =
        new CurrentValue(0, 0, MemberState.STABLE, PartitionSet.EMPTY, PartitionSet.EMPTY);

    /** All that nobody else may own. */
    PartitionSet held() {
      return assigned.plus(revoking);
    }
  }

  /** The topics that a regular expression stood for. */
  record RegexRecord(String group, String regex, @Nullable RegexValue value)
      implements GroupRecord {}

  record RegexValue(List<String> topics, long version, long timestamp) {
    public RegexValue {
      topics = topics.stream().distinct().sorted().toList();
    }
  }
}
