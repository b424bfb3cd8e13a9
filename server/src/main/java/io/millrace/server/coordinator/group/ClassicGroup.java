package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicsImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupValue;
import io.millrace.server.coordinator.group.GroupRecord.ClassicMemberValue;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a group whose members assign partitions among themselves, and the questions one can
 * ask it. {@link ClassicGroups} has the rules that change it.
 *
 * <p>Invariants: the leader is a member, or there is none; pending members are no members; members
 * await a join only in PREPARING_REBALANCE, and a sync only in COMPLETING_REBALANCE.
 */
@ConfinedTo("the shard's loop")
final class ClassicGroup implements Group {
  private static final Logger LOG = LoggerFactory.getLogger(ClassicGroup.class);
  private static final short FIRST_WITH_MEMBER_EPOCH = 9;

  /**
   * The protocol of Kafka Streams, whose members close without a word so that they find their tasks
   * again when they are started anew within a session.
   */
  private static final String KAFKA_STREAMS = "stream";

  private final String id;
  private ClassicGroupState state = ClassicGroupState.EMPTY;
  private ClassicGroupState previousState = ClassicGroupState.EMPTY;
  private long stateTimestamp = -1;

  @Nullable String protocolType;
  @Nullable String protocolName;
  @Nullable String leaderId;
  int generation;

  final Map<String, ClassicMember> members = new LinkedHashMap<>();
  final Map<String, String> staticMembers = new HashMap<>();

  /** Ids handed out to members that have not come back with them. */
  final Set<String> pendingJoin = new LinkedHashSet<>();

  /** Members of the new generation that have not asked for their part. */
  final Set<String> pendingSync = new LinkedHashSet<>();

  /** Places of the generation whose members are gone, until it ends or others take them. */
  final VacantPlaces vacant = new VacantPlaces();

  /** All that members were given; made when somebody asks, null when that has changed since. */
  private @Nullable PartitionSet given;

  /** Whose ids {@link #given} has. */
  private @Nullable TopicsImage givenBy;

  /** During the first generation's delay: whether somebody came, and how long it may still grow. */
  boolean newMemberAdded;

  int delayLeftMs;

  /** Restored before its generation was assigned: its members do not own what they shall. */
  boolean mustRebalance;

  ClassicGroup(String id) {
    this.id = id;
  }

  static ClassicGroup restore(String id, ClassicGroupValue value) {
    ClassicGroup group = new ClassicGroup(id);
    group.mustRebalance = value.leader() == null && !value.members().isEmpty();
    group.protocolType = value.protocolType().isEmpty() ? null : value.protocolType();
    group.protocolName = value.protocol();
    group.leaderId = value.leader();
    group.generation = value.generation();
    group.stateTimestamp = value.stateTimestamp();
    group.state = value.members().isEmpty() ? ClassicGroupState.EMPTY : ClassicGroupState.STABLE;
    group.previousState = group.state;
    String protocol = value.protocol() == null ? "" : value.protocol();
    for (ClassicMemberValue stored : value.members()) {
      ClassicMember member =
          new ClassicMember(
              stored.memberId(),
              stored.instanceId(),
              stored.clientId(),
              stored.clientHost(),
              stored.rebalanceTimeoutMs(),
              stored.sessionTimeoutMs(),
              List.of(new JoinGroupRequestProtocol(protocol, stored.subscription())));
      member.assignment = stored.assignment();
      group.add(member);
    }
    return group;
  }

  /**
   * As it is. With vacant places it names no leader, like {@link #formingSnapshot}: members that
   * had them are known to this coordinator alone, and the next must share out what nobody has.
   */
  ClassicGroupValue snapshot() {
    return snapshot(vacant.isEmpty() ? leaderId : null);
  }

  /**
   * While the leader has not assigned the parts of the generation: names no leader, by which a
   * coordinator that loads it knows that it must form the next one. Parts are those of the last.
   */
  ClassicGroupValue formingSnapshot() {
    return snapshot(null);
  }

  private ClassicGroupValue snapshot(@Nullable String leader) {
    return new ClassicGroupValue(
        protocolType == null ? "" : protocolType,
        generation,
        protocolName,
        leader,
        stateTimestamp,
        members.values().stream()
            .map(
                member ->
                    new ClassicMemberValue(
                        member.memberId,
                        member.instanceId,
                        member.clientId,
                        member.clientHost,
                        member.rebalanceTimeoutMs,
                        member.sessionTimeoutMs,
                        member.metadata(protocolName),
                        member.assignment))
            .toList());
  }

  // ---- state

  @Override
  public String id() {
    return id;
  }

  ClassicGroupState state() {
    return state;
  }

  boolean isIn(ClassicGroupState... states) {
    return List.of(states).contains(state);
  }

  /** Whether the running join phase is that of the first generation, with its delay. */
  boolean isInitialJoin() {
    return state == ClassicGroupState.PREPARING_REBALANCE
        && previousState == ClassicGroupState.EMPTY;
  }

  void transitionTo(ClassicGroupState next, long wallMillis, String reason) {
    if (!next.predecessors().contains(state)) {
      throw new IllegalStateException("group " + id + " cannot go from " + state + " to " + next);
    }
    LOG.info(
        "group changes group={} from={} to={} generation={} members={} because={}",
        id,
        state,
        next,
        generation,
        members.size(),
        reason);
    previousState = state;
    state = next;
    stateTimestamp = wallMillis;
  }

  // ---- members

  void add(ClassicMember member) {
    given = null;
    if (members.isEmpty()) {
      leaderId = leaderId == null ? member.memberId : leaderId;
    }
    members.put(member.memberId, member);
    pendingJoin.remove(member.memberId);
    if (member.instanceId != null) {
      staticMembers.put(member.instanceId, member.memberId);
    }
  }

  void remove(ClassicMember member) {
    given = null;
    members.remove(member.memberId);
    pendingSync.remove(member.memberId);
    if (member.instanceId != null) {
      staticMembers.remove(member.instanceId, member.memberId);
    }
    if (member.memberId.equals(leaderId)) {
      leaderId = members.isEmpty() ? null : members.keySet().iterator().next();
    }
  }

  /** The leader has said who gets what. */
  void assign(Map<String, ByteBuffer> parts) {
    given = null;
    for (ClassicMember member : members.values()) {
      member.assignment = parts.getOrDefault(member.memberId, ClassicMember.NO_BYTES);
    }
  }

  /** Whether one of the partitions was given to another member than this. */
  boolean wasGivenToAnother(ClassicMember member, PartitionSet partitions, MetadataImage image) {
    if (partitions.isEmpty()) {
      return false;
    }
    PartitionSet mine = ConsumerProtocol.assignment(member.assignment, image);
    PartitionSet others = mine == null ? partitions : partitions.minus(mine);
    PartitionSet all = given;
    if (all == null || !image.topics().equals(givenBy)) {
      all = allParts(image);
      given = all;
      givenBy = image.topics();
    }
    return others.intersects(all);
  }

  private PartitionSet allParts(MetadataImage image) {
    Map<Uuid, List<Integer>> all = new HashMap<>();
    for (ClassicMember member : members.values()) {
      PartitionSet part = ConsumerProtocol.assignment(member.assignment, image);
      if (part != null) {
        part.byTopic()
            .forEach(
                (topic, partitions) ->
                    all.computeIfAbsent(topic, id -> new ArrayList<>()).addAll(partitions));
      }
    }
    return PartitionSet.of(all);
  }

  /** Whether the member says nothing when it closes, because it may come back. */
  boolean closesSilently(ClassicMember member) {
    return member.isStatic() || KAFKA_STREAMS.equals(protocolName);
  }

  /** What is to be known of a member that speaks. */
  Presence.Speaker speaker(ClassicMember member) {
    return new Presence.Speaker(
        id, member.memberId, closesSilently(member), member.sessionTimeoutMs);
  }

  boolean isLeader(String memberId) {
    return memberId.equals(leaderId);
  }

  long awaitingJoin() {
    return members.values().stream().filter(member -> member.awaitingJoin != null).count();
  }

  /** Whether each member can be told of a rebalance now. */
  boolean canTellAll() {
    return members.values().stream().allMatch(member -> member.heldHeartbeat != null);
  }

  boolean hasAllJoined() {
    return pendingJoin.isEmpty() && awaitingJoin() == members.size();
  }

  int rebalanceTimeoutMs() {
    return members.values().stream().mapToInt(member -> member.rebalanceTimeoutMs).max().orElse(0);
  }

  int metadataBytes() {
    return members.values().stream().mapToInt(ClassicMember::metadataBytes).sum();
  }

  /** Whether a member that speaks these protocols can be with the others. */
  boolean supports(String type, Collection<JoinGroupRequestProtocol> protocols) {
    if (type.isEmpty() || protocols.isEmpty()) {
      return false;
    }
    if (members.isEmpty()) {
      return true;
    }
    return type.equals(protocolType)
        && protocols.stream()
            .anyMatch(
                protocol ->
                    members.values().stream().allMatch(member -> member.speaks(protocol.name())));
  }

  /** The protocol that all speak and most prefer; among equals the leader's choice. */
  String selectProtocol() {
    ClassicMember first = leaderId == null ? null : members.get(leaderId);
    if (first == null) {
      first = members.values().iterator().next();
    }
    Map<String, Integer> votes = new LinkedHashMap<>();
    for (JoinGroupRequestProtocol protocol : first.protocols) {
      if (members.values().stream().allMatch(member -> member.speaks(protocol.name()))) {
        votes.put(protocol.name(), 0);
      }
    }
    if (votes.isEmpty()) {
      throw new IllegalStateException("group " + id + " has no protocol that all members speak");
    }
    for (ClassicMember member : members.values()) {
      for (JoinGroupRequestProtocol protocol : member.protocols) {
        if (votes.computeIfPresent(protocol.name(), (name, count) -> count + 1) != null) {
          break;
        }
      }
    }
    String best = votes.keySet().iterator().next();
    for (Map.Entry<String, Integer> vote : votes.entrySet()) {
      if (vote.getValue() > votes.getOrDefault(best, 0)) {
        best = vote.getKey();
      }
    }
    return best;
  }

  /** Whether the ids are those of a member as it is now. */
  ErrorCode checkMember(String memberId, @Nullable String instanceId) {
    if (instanceId != null) {
      String current = staticMembers.get(instanceId);
      if (current == null) {
        return ErrorCode.UNKNOWN_MEMBER_ID;
      }
      if (!current.equals(memberId)) {
        return ErrorCode.FENCED_INSTANCE_ID;
      }
    }
    return members.containsKey(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  // ---- what others ask

  @Override
  public String stateName() {
    return state.wireName();
  }

  @Override
  public String typeName() {
    return "classic";
  }

  @Override
  public String protocolTypeName() {
    return protocolType == null ? "" : protocolType;
  }

  @Override
  public boolean isEmpty() {
    return isIn(ClassicGroupState.EMPTY, ClassicGroupState.DEAD);
  }

  @Override
  public long emptySince() {
    return isEmpty() && protocolType != null ? stateTimestamp : -1;
  }

  @Override
  public ErrorCode checkCommit(short version, OffsetCommitRequest request) {
    int requestGeneration = request.generationIdOrMemberEpoch();
    // Administration, or a consumer that assigns itself: only where no member could be disturbed.
    if (requestGeneration < 0 && isIn(ClassicGroupState.EMPTY)) {
      return ErrorCode.NONE;
    }
    if (requestGeneration < 0
        && request.memberId().isEmpty()
        && request.groupInstanceId() == null) {
      return ErrorCode.UNKNOWN_MEMBER_ID;
    }
    ErrorCode member = checkMember(request.memberId(), request.groupInstanceId());
    if (member != ErrorCode.NONE) {
      return member;
    }
    if (requestGeneration != generation) {
      return ErrorCode.ILLEGAL_GENERATION;
    }
    return isIn(ClassicGroupState.COMPLETING_REBALANCE)
        ? ErrorCode.REBALANCE_IN_PROGRESS
        : ErrorCode.NONE;
  }

  /** The error for a commit by a member of a group that does not exist. */
  static ErrorCode commitToNoGroup(short version) {
    return version >= FIRST_WITH_MEMBER_EPOCH
        ? ErrorCode.GROUP_ID_NOT_FOUND
        : ErrorCode.ILLEGAL_GENERATION;
  }

  @Override
  public ErrorCode checkFetch(@Nullable String memberId, int memberEpoch) {
    return ErrorCode.NONE;
  }

  @Override
  public @Nullable Set<String> subscribedTopics(MetadataImage image) {
    if (isEmpty()) {
      return Set.of();
    }
    if (!ConsumerProtocol.TYPE.equals(protocolType)) {
      return null;
    }
    Set<String> topics = new TreeSet<>();
    for (ClassicMember member : members.values()) {
      // While the next generation forms, any protocol of the member may be the one.
      for (JoinGroupRequestProtocol protocol : member.protocols) {
        List<String> subscribed = ConsumerProtocol.topics(protocol.metadata());
        if (subscribed == null) {
          return null;
        }
        topics.addAll(subscribed);
      }
    }
    return topics;
  }
}
