package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse.Assignment;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse.Member;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse.TopicPartitions;
import io.millrace.protocol.message.DeleteGroupsResponse.DeletableGroupResult;
import io.millrace.protocol.message.DescribeGroupsResponse;
import io.millrace.protocol.message.DescribeGroupsResponse.DescribedGroupMember;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse.ListedGroup;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.message.OffsetDeleteResponse;
import io.millrace.protocol.message.OffsetDeleteResponse.OffsetDeleteResponsePartition;
import io.millrace.protocol.message.OffsetDeleteResponse.OffsetDeleteResponseTopic;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.CommittedOffsets.Key;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What administrators ask of a group shard, and what its housekeeping does. */
@ConfinedTo("the shard's loop")
public final class GroupAdministration {
  private static final short FIRST_WITH_NOT_FOUND = 6;

  private static final byte CLASSIC_MEMBER = 0;
  private static final byte CONSUMER_MEMBER = 1;

  private final GroupConfig config;
  private final SortedMap<String, Group> groups;
  private final CommittedOffsets offsets;
  private final ConsumerGroups consumer;

  GroupAdministration(
      GroupConfig config,
      SortedMap<String, Group> groups,
      CommittedOffsets offsets,
      ConsumerGroups consumer) {
    this.config = config;
    this.groups = groups;
    this.offsets = offsets;
    this.consumer = consumer;
  }

  // ---- list and describe

  public List<ListedGroup> list(ListGroupsRequest request) {
    Set<String> states = lowerCase(request.statesFilter());
    Set<String> types = lowerCase(request.typesFilter());
    return groups.values().stream()
        .filter(group -> states.isEmpty() || states.contains(lower(group.stateName())))
        .filter(group -> types.isEmpty() || types.contains(lower(group.typeName())))
        .map(
            group ->
                new ListedGroup(
                    group.id(), group.protocolTypeName(), group.stateName(), group.typeName()))
        .toList();
  }

  private static Set<String> lowerCase(List<String> words) {
    return words.stream().map(GroupAdministration::lower).collect(Collectors.toSet());
  }

  private static String lower(String word) {
    return word.toLowerCase(Locale.ROOT);
  }

  public DescribeGroupsResponse.DescribedGroup describe(short version, String groupId) {
    if (!(groups.get(groupId) instanceof ClassicGroup group)) {
      boolean telling = version >= FIRST_WITH_NOT_FOUND;
      return DescribeGroupsResponse.DescribedGroup.builder()
          .groupId(groupId)
          .groupState(ClassicGroupState.DEAD.wireName())
          .errorCode(telling ? ErrorCode.GROUP_ID_NOT_FOUND.code() : 0)
          .errorMessage(telling ? "Group " + groupId + " not found." : null)
          .build();
    }
    boolean stable = group.isIn(ClassicGroupState.STABLE);
    return DescribeGroupsResponse.DescribedGroup.builder()
        .groupId(groupId)
        .groupState(group.stateName())
        .protocolType(group.protocolTypeName())
        .protocolData(stable && group.protocolName != null ? group.protocolName : "")
        .members(
            group.members.values().stream()
                .map(
                    member ->
                        new DescribedGroupMember(
                            member.memberId,
                            member.instanceId,
                            member.clientId,
                            member.clientHost,
                            stable ? member.metadata(group.protocolName) : ClassicMember.NO_BYTES,
                            stable ? member.assignment : ClassicMember.NO_BYTES))
                .toList())
        .build();
  }

  public ConsumerGroupDescribeResponse.DescribedGroup describeConsumer(
      MetadataImage image, String groupId) {
    if (!(groups.get(groupId) instanceof ConsumerGroup group)) {
      return ConsumerGroupDescribeResponse.DescribedGroup.builder()
          .groupId(groupId)
          .errorCode(ErrorCode.GROUP_ID_NOT_FOUND.code())
          .errorMessage(
              groups.containsKey(groupId)
                  ? "Group " + groupId + " is not a consumer group."
                  : "Group " + groupId + " not found.")
          .build();
    }
    List<Member> members = new ArrayList<>();
    group
        .members()
        .forEach(
            (memberId, member) -> {
              CurrentValue current = group.current(memberId);
              members.add(
                  new Member(
                      memberId,
                      member.instanceId(),
                      member.rackId(),
                      current.epoch(),
                      member.clientId(),
                      member.clientHost(),
                      member.topics(),
                      member.regex(),
                      assignment(image, current.assigned()),
                      assignment(image, group.target(memberId)),
                      member.isClassic() ? CLASSIC_MEMBER : CONSUMER_MEMBER));
            });
    return ConsumerGroupDescribeResponse.DescribedGroup.builder()
        .groupId(groupId)
        .groupState(group.stateName())
        .groupEpoch(group.epoch())
        .assignmentEpoch(group.assignmentEpoch())
        .assignorName(consumer.assignorOf(group).name())
        .members(members)
        .build();
  }

  private static Assignment assignment(MetadataImage image, PartitionSet partitions) {
    List<TopicPartitions> topics = new ArrayList<>();
    partitions
        .byTopic()
        .forEach(
            (id, indexes) -> {
              TopicImage topic = image.topics().topic(id);
              if (topic != null) {
                topics.add(new TopicPartitions(id, topic.name(), List.copyOf(indexes)));
              }
            });
    return new Assignment(topics);
  }

  // ---- delete

  public DeletableGroupResult deleteGroup(CoordinatorTurn<GroupRecord> turn, String groupId) {
    Group group = groups.get(groupId);
    ErrorCode error =
        groupId.isEmpty()
            ? ErrorCode.INVALID_GROUP_ID
            : group == null
                ? ErrorCode.GROUP_ID_NOT_FOUND
                : group.isEmpty() ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
    if (error == ErrorCode.NONE && group != null) {
      offsets.deleteAll(turn, groupId);
      forget(turn, group);
    }
    return new DeletableGroupResult(groupId, error.code(), null);
  }

  private void forget(CoordinatorTurn<GroupRecord> turn, Group group) {
    if (group instanceof ConsumerGroup known) {
      ConsumerGroups.delete(turn, known);
    } else if (group instanceof ClassicGroup known) {
      for (String pending : known.pendingJoin) {
        turn.timers().cancel(new GroupTimer.Session(known.id(), pending));
      }
      turn.append(new ClassicGroupRecord(known.id(), null));
    }
    groups.remove(group.id());
  }

  public OffsetDeleteResponse deleteOffsets(
      CoordinatorTurn<GroupRecord> turn, OffsetDeleteRequest request) {
    Group group = groups.get(request.groupId());
    if (request.groupId().isEmpty() || group == null) {
      ErrorCode error =
          group == null && !request.groupId().isEmpty()
              ? ErrorCode.GROUP_ID_NOT_FOUND
              : ErrorCode.INVALID_GROUP_ID;
      return OffsetDeleteResponse.builder().errorCode(error.code()).build();
    }
    Set<String> subscribed = group.subscribedTopics(turn.image());
    if (subscribed == null) { // not a group of consumers: nobody can tell what it reads
      return OffsetDeleteResponse.builder().errorCode(ErrorCode.NON_EMPTY_GROUP.code()).build();
    }
    List<OffsetDeleteResponseTopic> topics = new ArrayList<>();
    for (OffsetDeleteRequestTopic topic : request.topics()) {
      boolean inUse = subscribed.contains(topic.name());
      List<OffsetDeleteResponsePartition> partitions = new ArrayList<>();
      topic
          .partitions()
          .forEach(
              partition -> {
                Key key = new Key(topic.name(), partition.partitionIndex());
                if (!inUse && offsets.of(group.id()).containsKey(key)) {
                  offsets.delete(turn, group.id(), key);
                }
                partitions.add(
                    new OffsetDeleteResponsePartition(
                        partition.partitionIndex(),
                        inUse ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC.code() : 0));
              });
      topics.add(new OffsetDeleteResponseTopic(topic.name(), partitions));
    }
    return OffsetDeleteResponse.builder().topics(topics).build();
  }

  // ---- retention

  /**
   * An offset whose time is over, to be deleted unless there is data after it.
   *
   * @param topicId zero when the topic is gone
   */
  public record Expiring(String group, String topic, int partition, Uuid topicId) {}

  /**
   * First half of the housekeeping: what could go. The caller finds out where the partitions end.
   */
  public List<Expiring> expiring(CoordinatorTurn<GroupRecord> turn) {
    List<Expiring> due = new ArrayList<>();
    for (Group group : groups.values()) {
      offsets
          .of(group.id())
          .forEach(
              (key, offset) -> {
                if (isDue(turn, group, key, offset)) {
                  TopicImage topic = topicOf(turn.image(), key, offset);
                  due.add(
                      new Expiring(
                          group.id(),
                          key.topic(),
                          key.partition(),
                          topic == null ? Uuid.ZERO : topic.id()));
                }
              });
    }
    return due;
  }

  /**
   * Second half: deletes what is still due, but of a group that has something left to read only
   * what belongs to topics that are gone.
   *
   * @param ends ends of the partitions, where known
   * @return how many went
   */
  public int expire(
      CoordinatorTurn<GroupRecord> turn, Map<Expiring, Long> ends, List<Expiring> due) {
    Map<Expiring, CommittedOffset> over = new LinkedHashMap<>();
    Set<String> unread = new HashSet<>();
    Set<Group> asked = new LinkedHashSet<>();
    for (Expiring candidate : due) {
      Group group = groups.get(candidate.group());
      CommittedOffset offset = offsets.of(candidate.group()).get(key(candidate));
      if (group == null || offset == null || !isDue(turn, group, key(candidate), offset)) {
        continue;
      }
      over.put(candidate, offset);
      if (config.keepUnreadOffsets()
          && OffsetRetention.mayBeUnread(
              exists(turn, candidate, offset), offset, ends.get(candidate))) {
        unread.add(candidate.group());
      }
      asked.add(group);
    }
    if (config.keepUnreadOffsets()) {
      asked.stream().filter(group -> isUsed(turn, group)).forEach(group -> unread.add(group.id()));
    }
    int gone = 0;
    for (Map.Entry<Expiring, CommittedOffset> entry : over.entrySet()) {
      Expiring candidate = entry.getKey();
      if (!unread.contains(candidate.group()) || !exists(turn, candidate, entry.getValue())) {
        offsets.delete(turn, candidate.group(), key(candidate));
        gone++;
      }
    }
    for (Group group : List.copyOf(groups.values())) {
      boolean waits = group instanceof ClassicGroup known && !known.pendingJoin.isEmpty();
      if (group.isEmpty() && !waits && !offsets.has(group.id())) {
        forget(turn, group);
      }
    }
    return gone;
  }

  /** Whether an empty group has an offset that is not over yet: somebody still commits for it. */
  private boolean isUsed(CoordinatorTurn<GroupRecord> turn, Group group) {
    return group.isEmpty()
        && offsets.of(group.id()).entrySet().stream()
            .anyMatch(
                entry ->
                    topicOf(turn.image(), entry.getKey(), entry.getValue()) != null
                        && !isDue(turn, group, entry.getKey(), entry.getValue()));
  }

  private static Key key(Expiring candidate) {
    return new Key(candidate.topic(), candidate.partition());
  }

  private static boolean exists(
      CoordinatorTurn<GroupRecord> turn, Expiring candidate, CommittedOffset offset) {
    return topicOf(turn.image(), key(candidate), offset) != null;
  }

  private boolean isDue(
      CoordinatorTurn<GroupRecord> turn, Group group, Key key, CommittedOffset offset) {
    return OffsetRetention.isDue(
        group, turn.image(), key.topic(), offset, turn.wallMillis(), config.offsetsRetentionMs());
  }

  private static @Nullable TopicImage topicOf(
      MetadataImage image, Key key, CommittedOffset offset) {
    TopicImage topic =
        offset.topicId().equals(Uuid.ZERO)
            ? image.topics().topic(key.topic())
            : image.topics().topic(offset.topicId());
    return topic != null && topic.partition(key.partition()) != null ? topic : null;
  }
}
