package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicsImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import io.millrace.server.coordinator.group.GroupRecord.EpochValue;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import io.millrace.server.coordinator.group.GroupRecord.RegexValue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The state of a group whose partitions the coordinator assigns (KIP-848). Changes by replayed
 * records alone; {@link ConsumerGroups} decides them.
 *
 * <p>Three epochs chase each other. The group epoch grows when members, subscriptions or topics
 * change; the assignment epoch is the group epoch that the target assignment was computed for; each
 * member's epoch is the assignment epoch that it has reached. A partition is held by the one member
 * that has it assigned or has not confirmed that it gave it up: {@link #holder}.
 */
@ConfinedTo("the shard's loop")
final class ConsumerGroup implements Group {
  private static final short FIRST_WITH_MEMBER_EPOCH = 9;

  private final String id;
  private int epoch;
  private long metadataHash;
  private int assignmentEpoch;
  private final SortedMap<String, MemberValue> members = new TreeMap<>();
  private final Map<String, CurrentValue> current = new HashMap<>();
  private final Map<String, PartitionSet> targets = new HashMap<>();
  private final SortedMap<String, RegexValue> regexes = new TreeMap<>();
  private final Map<String, String> staticMembers = new HashMap<>();
  private final Map<Uuid, Map<Integer, String>> holders = new HashMap<>();

  /** Soft: since when there are no members, as far as this shard has seen. */
  private long emptySince = -1;

  /** Soft: the topics that regexes and hash were last computed for, and when. */
  @Nullable TopicsImage seenTopics;

  long seenMillis;

  /** Soft: when the epoch moved last, as far as this shard has seen. */
  private boolean changed;

  private long changedMillis;

  ConsumerGroup(String id) {
    this.id = id;
  }

  // ---- replay

  void replayEpoch(EpochValue value) {
    epoch = value.epoch();
    metadataHash = value.metadataHash();
  }

  void replayAssignmentEpoch(int value) {
    assignmentEpoch = value;
  }

  void replayMember(String memberId, @Nullable MemberValue value) {
    MemberValue before = value == null ? members.remove(memberId) : members.put(memberId, value);
    if (before != null && before.instanceId() != null) {
      staticMembers.remove(before.instanceId(), memberId);
    }
    if (value != null && value.instanceId() != null) {
      staticMembers.put(value.instanceId(), memberId);
    }
  }

  void replayTarget(String memberId, @Nullable PartitionSet value) {
    if (value == null) {
      targets.remove(memberId);
    } else {
      targets.put(memberId, value);
    }
  }

  void replayCurrent(String memberId, @Nullable CurrentValue value) {
    CurrentValue before = value == null ? current.remove(memberId) : current.put(memberId, value);
    if (before != null) {
      before
          .held()
          .byTopic()
          .forEach(
              (topic, partitions) -> {
                Map<Integer, String> held = holders.getOrDefault(topic, Map.of());
                partitions.forEach(partition -> held.remove(partition, memberId));
              });
    }
    if (value != null) {
      value
          .held()
          .byTopic()
          .forEach(
              (topic, partitions) -> {
                Map<Integer, String> held = holders.computeIfAbsent(topic, key -> new HashMap<>());
                partitions.forEach(partition -> held.put(partition, memberId));
              });
    }
  }

  void replayRegex(String regex, @Nullable RegexValue value) {
    if (value == null) {
      regexes.remove(regex);
    } else {
      regexes.put(regex, value);
    }
  }

  // ---- questions

  @Override
  public String id() {
    return id;
  }

  int epoch() {
    return epoch;
  }

  long metadataHash() {
    return metadataHash;
  }

  int assignmentEpoch() {
    return assignmentEpoch;
  }

  SortedMap<String, MemberValue> members() {
    return members;
  }

  SortedMap<String, RegexValue> regexes() {
    return regexes;
  }

  CurrentValue current(String memberId) {
    return current.getOrDefault(memberId, CurrentValue.NEW);
  }

  PartitionSet target(String memberId) {
    return targets.getOrDefault(memberId, PartitionSet.EMPTY);
  }

  boolean hasTarget(String memberId) {
    return targets.containsKey(memberId);
  }

  /** Whether it is a member that speaks the classic protocol. */
  boolean isClassic(String memberId) {
    MemberValue member = members.get(memberId);
    return member != null && member.isClassic();
  }

  /** Whether there are members, and all of them speak the classic protocol. */
  boolean isAllClassic() {
    return !members.isEmpty() && members.values().stream().allMatch(MemberValue::isClassic);
  }

  /** Whether a member that speaks these protocols finds one that all classic members speak. */
  boolean speaksAny(List<JoinGroupRequestProtocol> protocols) {
    return protocols.stream()
        .anyMatch(
            protocol ->
                members.values().stream()
                    .map(MemberValue::classic)
                    .allMatch(classic -> classic == null || classic.speaks(protocol.name())));
  }

  /** Whether something that a member shall own is still held by another. */
  boolean waitsForOthers(String memberId) {
    PartitionSet missing = target(memberId).minus(current(memberId).assigned());
    return !missing.keep((topic, partition) -> holder(topic, partition) != null).isEmpty();
  }

  @Nullable String staticMember(String instanceId) {
    return staticMembers.get(instanceId);
  }

  /** The member that holds a partition, or null. */
  @Nullable String holder(Uuid topic, int partition) {
    return holders.getOrDefault(topic, Map.of()).get(partition);
  }

  /** Names of the topics that a member wants, known or not. */
  Set<String> wants(MemberValue member) {
    RegexValue resolved = member.hasRegex() ? regexes.get(member.regex()) : null;
    if (resolved == null) {
      return new TreeSet<>(member.topics());
    }
    Set<String> all = new TreeSet<>(member.topics());
    all.addAll(resolved.topics());
    return all;
  }

  /** All names of topics that some member wants. */
  Set<String> wanted() {
    Set<String> all = new TreeSet<>();
    members.values().forEach(member -> all.addAll(wants(member)));
    return all;
  }

  @Override
  public String stateName() {
    if (members.isEmpty()) {
      return "Empty";
    }
    if (epoch > assignmentEpoch) {
      return "Assigning";
    }
    boolean settled =
        members.keySet().stream()
            .map(this::current)
            .allMatch(
                member ->
                    member.state() == MemberState.STABLE && member.epoch() == assignmentEpoch);
    return settled ? "Stable" : "Reconciling";
  }

  @Override
  public String typeName() {
    return "consumer";
  }

  @Override
  public String protocolTypeName() {
    return "consumer";
  }

  @Override
  public boolean isEmpty() {
    return members.isEmpty();
  }

  @Override
  public long emptySince() {
    return members.isEmpty() ? emptySince : -1;
  }

  void noteEmpty(long wallMillis) {
    if (members.isEmpty()) {
      emptySince = wallMillis;
    }
  }

  void noteChange(long nowMillis) {
    changed = true;
    changedMillis = nowMillis;
  }

  boolean hasChangedSince(long millis) {
    return changed && changedMillis - millis > 0;
  }

  @Override
  public ErrorCode checkCommit(short version, OffsetCommitRequest request) {
    if (request.generationIdOrMemberEpoch() < 0 && members.isEmpty()) {
      return ErrorCode.NONE;
    }
    if (!members.containsKey(request.memberId())) {
      return ErrorCode.UNKNOWN_MEMBER_ID;
    }
    if (version < FIRST_WITH_MEMBER_EPOCH && !isClassic(request.memberId())) {
      return ErrorCode.UNSUPPORTED_VERSION; // it could not be told of a stale epoch
    }
    return checkEpoch(request.memberId(), request.generationIdOrMemberEpoch());
  }

  @Override
  public ErrorCode checkFetch(@Nullable String memberId, int memberEpoch) {
    if (memberId == null || memberId.isEmpty() || memberEpoch < 0) {
      return ErrorCode.NONE;
    }
    return members.containsKey(memberId)
        ? checkEpoch(memberId, memberEpoch)
        : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  private ErrorCode checkEpoch(String memberId, int memberEpoch) {
    if (current(memberId).epoch() == memberEpoch) {
      return ErrorCode.NONE;
    }
    return isClassic(memberId) ? ErrorCode.ILLEGAL_GENERATION : ErrorCode.STALE_MEMBER_EPOCH;
  }

  @Override
  public Set<String> subscribedTopics(MetadataImage image) {
    return wanted();
  }
}
