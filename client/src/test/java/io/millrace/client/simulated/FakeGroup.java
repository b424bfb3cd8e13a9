package io.millrace.client.simulated;

import io.millrace.client.TopicPartition;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator's side of one group of KIP-848 with one topic: epochs, a partition given to nobody
 * before its last owner has reported that it let go, sessions, fenced commits. Written from the
 * protocol's description, independent of our server.
 */
public final class FakeGroup {

  /** A committed offset. */
  public record Committed(long offset, int leaderEpoch, String metadata) {}

  private static final class Member {
    final String id;
    final @Nullable String instanceId;
    int epoch;
    int previousEpoch; // of a heartbeat whose answer was lost
    Set<Integer> granted = new TreeSet<>();
    Set<Integer> held = new TreeSet<>(); // granted, or not reported as let go
    long seenNanos;

    Member(String id, @Nullable String instanceId) {
      this.id = id;
      this.instanceId = instanceId;
    }
  }

  private final String topic;
  private final Uuid topicId;
  private final int partitions;
  private final Map<String, Member> members = new TreeMap<>();
  private final Map<String, Member> away = new HashMap<>(); // static members by instance id
  private final Set<String> expelled = new HashSet<>();
  private int groupEpoch;
  public final Map<Integer, Committed> offsets = new HashMap<>();

  /** What has happened, for tests of order. */
  public final List<String> journal = new ArrayList<>();

  public int heartbeatIntervalMs = 500;
  public long sessionNanos = 10_000_000_000L;

  public FakeGroup(String topic, Uuid topicId, int partitions) {
    this.topic = topic;
    this.topicId = topicId;
    this.partitions = partitions;
  }

  public int memberCount() {
    return members.size();
  }

  /** What the coordinator lets this member have. */
  public Set<Integer> grantedTo(String memberId) {
    Member member = members.get(memberId);
    return member == null ? Set.of() : Set.copyOf(member.granted);
  }

  public boolean isMember(String memberId) {
    return members.containsKey(memberId);
  }

  /** Whether this member was thrown out, or has left, since it last joined. */
  public boolean isOut(String memberId) {
    return expelled.contains(memberId) || !members.containsKey(memberId);
  }

  /** Throws a member out, as the end of its session does. */
  public void expel(String memberId) {
    if (members.remove(memberId) != null) {
      expelled.add(memberId);
      groupEpoch++;
      journal.add("expelled");
    }
  }

  private void expire(long now) {
    for (Member member : List.copyOf(members.values())) {
      if (now - member.seenNanos > sessionNanos) {
        expel(member.id);
      }
    }
    away.values().removeIf(member -> now - member.seenNanos > sessionNanos);
  }

  public ConsumerGroupHeartbeatResponse heartbeat(ConsumerGroupHeartbeatRequest request, long now) {
    expire(now);
    if (request.memberEpoch() < 0) {
      return leave(request);
    }
    Member member = members.get(request.memberId());
    if (request.memberEpoch() == 0) {
      String instance = request.instanceId();
      if (instance != null
          && members.values().stream()
              .anyMatch(
                  each ->
                      instance.equals(each.instanceId) && !each.id.equals(request.memberId()))) {
        return error(ErrorCode.UNRELEASED_INSTANCE_ID);
      }
      member = join(request, instance);
    } else if (member == null) {
      return error(ErrorCode.UNKNOWN_MEMBER_ID);
    } else if (request.memberEpoch() != member.epoch
        && request.memberEpoch() != member.previousEpoch) {
      expel(member.id);
      return error(ErrorCode.FENCED_MEMBER_EPOCH);
    }
    member.seenNanos = now;
    Set<Integer> before = Set.copyOf(member.granted);
    reconcile(member, reported(request));
    boolean tells =
        request.memberEpoch() == 0
            || request.rebalanceTimeoutMs() != -1
            || !before.equals(member.granted);
    return ConsumerGroupHeartbeatResponse.builder()
        .memberId(member.id)
        .memberEpoch(member.epoch)
        .heartbeatIntervalMs(heartbeatIntervalMs)
        .assignment(tells ? assignment(member.granted) : null)
        .build();
  }

  private Member join(ConsumerGroupHeartbeatRequest request, @Nullable String instance) {
    Member member = new Member(request.memberId(), instance);
    Member former = instance == null ? null : away.remove(instance);
    if (former != null) {
      member.granted = former.granted;
      member.held = new TreeSet<>(former.granted);
      member.epoch = groupEpoch;
    } else {
      groupEpoch++;
    }
    members.put(member.id, member);
    expelled.remove(member.id);
    journal.add("join");
    return member;
  }

  private ConsumerGroupHeartbeatResponse leave(ConsumerGroupHeartbeatRequest request) {
    Member gone = members.remove(request.memberId());
    journal.add("leave " + request.memberEpoch());
    if (gone != null) {
      expelled.add(gone.id);
      if (request.memberEpoch() == -2 && gone.instanceId != null) {
        away.put(gone.instanceId, gone);
      } else {
        groupEpoch++;
      }
    }
    return ConsumerGroupHeartbeatResponse.builder()
        .memberId(request.memberId())
        .memberEpoch(request.memberEpoch())
        .build();
  }

  /** What the member says it has; null when it does not say. */
  private @Nullable Set<Integer> reported(ConsumerGroupHeartbeatRequest request) {
    if (request.topicPartitions() == null) {
      return null;
    }
    Set<Integer> reported = new TreeSet<>();
    request.topicPartitions().forEach(each -> reported.addAll(each.partitions()));
    journal.add("owns " + reported);
    return reported;
  }

  /**
   * Takes away what the target has not, and gives what it has as soon as it is free. What the
   * member does not report is free at once, as with the real coordinators.
   */
  private void reconcile(Member member, @Nullable Set<Integer> reported) {
    Set<Integer> target = target(member);
    member.granted.retainAll(target);
    if (reported != null) {
      member.held.removeIf(each -> !member.granted.contains(each) && !reported.contains(each));
    }
    boolean mustLetGo = !member.granted.containsAll(member.held);
    if (mustLetGo) {
      return;
    }
    if (member.epoch != groupEpoch) {
      member.previousEpoch = member.epoch;
      member.epoch = groupEpoch;
    }
    for (int partition : target) {
      boolean isFree =
          members.values().stream()
                  .noneMatch(each -> each != member && each.held.contains(partition))
              && away.values().stream().noneMatch(each -> each.granted.contains(partition));
      if (isFree) {
        member.granted.add(partition);
        member.held.add(partition);
      }
    }
  }

  private Set<Integer> target(Member member) {
    List<String> slots = new ArrayList<>();
    members.values().forEach(each -> slots.add(slotOf(each)));
    away.values().forEach(each -> slots.add(slotOf(each)));
    slots.sort(String::compareTo);
    Set<Integer> target = new TreeSet<>();
    for (int partition = 0; partition < partitions; partition++) {
      if (slots.get(partition % slots.size()).equals(slotOf(member))) {
        target.add(partition);
      }
    }
    return target;
  }

  private static String slotOf(Member member) {
    return member.instanceId == null ? member.id : member.instanceId;
  }

  private ConsumerGroupHeartbeatResponse.Assignment assignment(Set<Integer> granted) {
    List<ConsumerGroupHeartbeatResponse.TopicPartitions> topics =
        granted.isEmpty()
            ? List.of()
            : List.of(
                ConsumerGroupHeartbeatResponse.TopicPartitions.builder()
                    .topicId(topicId)
                    .partitions(List.copyOf(granted))
                    .build());
    return ConsumerGroupHeartbeatResponse.Assignment.builder().topicPartitions(topics).build();
  }

  public static ConsumerGroupHeartbeatResponse error(ErrorCode error) {
    return ConsumerGroupHeartbeatResponse.builder().errorCode(error.code()).build();
  }

  public OffsetCommitResponse commit(OffsetCommitRequest request, short version, long now) {
    expire(now);
    Member member = members.get(request.memberId());
    ErrorCode error = ErrorCode.NONE;
    if (request.memberId().isEmpty()) {
      error = members.isEmpty() ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    } else if (member == null) {
      error = ErrorCode.UNKNOWN_MEMBER_ID;
    } else if (request.generationIdOrMemberEpoch() != member.epoch) {
      error = ErrorCode.STALE_MEMBER_EPOCH;
    }
    List<OffsetCommitResponse.OffsetCommitResponseTopic> topics = new ArrayList<>();
    for (OffsetCommitRequest.OffsetCommitRequestTopic asked : request.topics()) {
      boolean isOurs = version >= 10 ? asked.topicId().equals(topicId) : asked.name().equals(topic);
      ErrorCode ofTopic =
          error == ErrorCode.NONE && !isOurs ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : error;
      List<OffsetCommitResponse.OffsetCommitResponsePartition> answers = new ArrayList<>();
      asked
          .partitions()
          .forEach(
              each -> {
                if (ofTopic == ErrorCode.NONE) {
                  String note = each.committedMetadata();
                  offsets.put(
                      each.partitionIndex(),
                      new Committed(
                          each.committedOffset(),
                          each.committedLeaderEpoch(),
                          note == null ? "" : note));
                  journal.add("commit " + each.partitionIndex() + "=" + each.committedOffset());
                }
                answers.add(
                    OffsetCommitResponse.OffsetCommitResponsePartition.builder()
                        .partitionIndex(each.partitionIndex())
                        .errorCode(ofTopic.code())
                        .build());
              });
      topics.add(
          OffsetCommitResponse.OffsetCommitResponseTopic.builder()
              .name(version >= 10 ? "" : asked.name())
              .topicId(version >= 10 ? asked.topicId() : Uuid.ZERO)
              .partitions(answers)
              .build());
    }
    return OffsetCommitResponse.builder().topics(topics).build();
  }

  public OffsetFetchResponse fetch(OffsetFetchRequest request, short version) {
    OffsetFetchRequest.OffsetFetchRequestGroup asked = request.groups().get(0);
    String memberId = asked.memberId();
    Member member = memberId == null ? null : members.get(memberId);
    ErrorCode error =
        memberId == null
            ? ErrorCode.NONE
            : member == null
                ? ErrorCode.UNKNOWN_MEMBER_ID
                : member.epoch == asked.memberEpoch()
                    ? ErrorCode.NONE
                    : ErrorCode.STALE_MEMBER_EPOCH;
    List<OffsetFetchResponse.OffsetFetchResponsePartitions> found = new ArrayList<>();
    Objects.requireNonNull(asked.topics()).get(0).partitionIndexes().stream()
        .map(index -> new TopicPartition(topic, index))
        .forEach(
            each -> {
              Committed committed = offsets.get(each.partition());
              found.add(
                  OffsetFetchResponse.OffsetFetchResponsePartitions.builder()
                      .partitionIndex(each.partition())
                      .committedOffset(committed == null ? -1 : committed.offset())
                      .committedLeaderEpoch(committed == null ? -1 : committed.leaderEpoch())
                      .metadata(committed == null ? "" : committed.metadata())
                      .build());
            });
    return OffsetFetchResponse.builder()
        .groups(
            List.of(
                OffsetFetchResponse.OffsetFetchResponseGroup.builder()
                    .groupId(asked.groupId())
                    .errorCode(error.code())
                    .topics(
                        List.of(
                            OffsetFetchResponse.OffsetFetchResponseTopics.builder()
                                .name(version >= 10 ? "" : topic)
                                .topicId(version >= 10 ? topicId : Uuid.ZERO)
                                .partitions(found)
                                .build()))
                    .build()))
        .build();
  }
}
