package io.millrace.client.group;

import io.millrace.client.GroupConfig;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest.TopicPartitions;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What this member knows of its membership, and what its next heartbeat has to say: no I/O, no
 * clock. Source: KIP-848.
 *
 * <pre>
 *   OUT --subscribe--> JOINING --answer--> MEMBER --subscribe--> MEMBER
 *                        ^  ^                |
 *                        |  '---told---- LOST &lt;-- fenced, unknown, or the application was too slow
 *   any --leave--> OUT   any --an error that stays--> FAILED --subscribe--> JOINING
 * </pre>
 *
 * <p>A heartbeat says only what has changed since the last one that was answered; after a failure
 * it says everything again, for nobody knows what had arrived.
 *
 * <p>The coordinator frees a partition for others as soon as a report leaves it out. So a report
 * has all that the application may read now or soon without a further word from the coordinator:
 * what it owns until it has given it up, what it was just asked to take, and what it may be asked
 * to take next. Something that leaves this set is reported at once, because others wait for it.
 */
final class MemberState {

  static final int JOIN_EPOCH = 0;
  static final int LEAVE_EPOCH = -1;
  static final int STATIC_LEAVE_EPOCH = -2;

  enum Phase {
    OUT,
    JOINING,
    MEMBER,
    LOST,
    FAILED
  }

  private final GroupConfig config;
  private final @Nullable String rack;
  private final String memberId;
  private Phase phase = Phase.OUT;
  private volatile int epoch = JOIN_EPOCH; // the loop writes, others may look
  private Subscription wanted = new Subscription(Set.of(), null);
  private @Nullable Subscription sent;
  private Set<GroupPartition> owned = Set.of();
  private Set<GroupPartition> taking = Set.of();
  private Map<Uuid, Set<Integer>> reported = Map.of();
  private Map<Uuid, Set<Integer>> target = Map.of();
  private boolean sayAll;

  MemberState(GroupConfig config, String rack, String memberId) {
    this.config = config;
    this.rack = rack.isEmpty() ? null : rack;
    this.memberId = memberId;
  }

  Phase phase() {
    return phase;
  }

  String memberId() {
    return memberId;
  }

  /** 0 while it is not a member. */
  int epoch() {
    return epoch;
  }

  Set<GroupPartition> owned() {
    return owned;
  }

  /** What the coordinator wants this member to have. */
  Map<Uuid, Set<Integer>> target() {
    return target;
  }

  Subscription subscription() {
    return wanted;
  }

  void subscribe(Subscription subscription) {
    wanted = subscription;
    if (phase == Phase.OUT || phase == Phase.FAILED) {
      join();
    }
  }

  /** Whether the next heartbeat should not wait for its time. */
  boolean isUrgent() {
    return phase == Phase.JOINING
        || (phase == Phase.MEMBER && (sayAll || hasLetGo() || !wanted.equals(sent)));
  }

  /** Whether something was reported that this member does not have any more. */
  private boolean hasLetGo() {
    Map<Uuid, Set<Integer>> now = held();
    return reported.entrySet().stream()
        .anyMatch(
            topic -> !now.getOrDefault(topic.getKey(), Set.of()).containsAll(topic.getValue()));
  }

  /** What the application may read without a further word from the coordinator. */
  private Map<Uuid, Set<Integer>> held() {
    Map<Uuid, Set<Integer>> held = new TreeMap<>();
    target.forEach((id, numbers) -> held.put(id, new TreeSet<>(numbers)));
    for (Set<GroupPartition> some : List.of(owned, taking)) {
      some.forEach(
          each ->
              held.computeIfAbsent(each.topicId(), id -> new TreeSet<>())
                  .add(each.partition().partition()));
    }
    return held;
  }

  boolean isBeating() {
    return phase == Phase.JOINING || phase == Phase.MEMBER;
  }

  /** The next heartbeat; what it reports counts as said until {@link #failed}. */
  ConsumerGroupHeartbeatRequest heartbeat() {
    boolean everything = phase == Phase.JOINING || sayAll;
    ConsumerGroupHeartbeatRequest.Builder request = base(epoch);
    if (everything) {
      request
          .rackId(rack)
          .rebalanceTimeoutMs((int) config.rebalanceTimeout().toMillis())
          .serverAssignor(config.assignor());
    }
    Subscription before = sent;
    if (everything || before == null || !before.topics().equals(wanted.topics())) {
      request.subscribedTopicNames(wanted.sorted());
    }
    String pattern = wanted.pattern();
    String patternBefore = before == null ? null : before.pattern();
    if ((everything && pattern != null) || !Objects.equals(pattern, patternBefore)) {
      request.subscribedTopicRegex(pattern == null ? "" : pattern);
    }
    Map<Uuid, Set<Integer>> held = held();
    if (everything || !held.equals(reported)) {
      request.topicPartitions(messageOf(held));
    }
    sent = wanted;
    reported = held;
    sayAll = false;
    return request.build();
  }

  /** The heartbeat by which this member leaves; a static one says that it will be back. */
  ConsumerGroupHeartbeatRequest farewell() {
    return base(config.instanceId() == null ? LEAVE_EPOCH : STATIC_LEAVE_EPOCH).build();
  }

  private ConsumerGroupHeartbeatRequest.Builder base(int withEpoch) {
    return ConsumerGroupHeartbeatRequest.builder()
        .groupId(config.groupId())
        .memberId(memberId)
        .memberEpoch(withEpoch)
        .instanceId(config.instanceId());
  }

  private static List<TopicPartitions> messageOf(Map<Uuid, Set<Integer>> partitions) {
    List<TopicPartitions> topics = new ArrayList<>();
    partitions.forEach(
        (id, numbers) ->
            topics.add(
                TopicPartitions.builder().topicId(id).partitions(List.copyOf(numbers)).build()));
    return topics;
  }

  /** A heartbeat was answered without an error. */
  void answered(ConsumerGroupHeartbeatResponse response) {
    if (!isBeating()) {
      return;
    }
    phase = Phase.MEMBER;
    epoch = response.memberEpoch();
    ConsumerGroupHeartbeatResponse.Assignment assignment = response.assignment();
    if (assignment != null) {
      Map<Uuid, Set<Integer>> next = new TreeMap<>();
      assignment
          .topicPartitions()
          .forEach(topic -> next.put(topic.topicId(), Set.copyOf(topic.partitions())));
      target = next;
    }
  }

  /** A heartbeat failed, and nobody knows whether it had arrived. */
  void failed() {
    sayAll = true;
  }

  /** The application is asked to take these, and may have done so at any moment from now on. */
  void takes(Set<GroupPartition> partitions) {
    taking = Set.copyOf(partitions);
  }

  /** The application has given up and taken what it was asked to. */
  void nowOwns(Set<GroupPartition> partitions) {
    if (phase == Phase.MEMBER) {
      owned = Set.copyOf(partitions);
      taking = Set.of();
    }
  }

  /**
   * The coordinator no longer counts this member in, or it has just left.
   *
   * @return whether the application has something to be told; else it joins again at once
   */
  boolean lost(boolean evenWithoutPartitions) {
    boolean mustTell = evenWithoutPartitions || !owned.isEmpty();
    forget();
    if (mustTell) {
      phase = Phase.LOST;
    } else {
      join();
    }
    return mustTell;
  }

  /** The application knows that everything is gone: begins again. */
  void told() {
    if (phase == Phase.LOST) {
      join();
    }
  }

  void failedForGood() {
    forget();
    phase = Phase.FAILED;
  }

  void left() {
    forget();
    phase = Phase.OUT;
  }

  private void join() {
    forget();
    phase = Phase.JOINING;
  }

  private void forget() {
    epoch = JOIN_EPOCH;
    owned = Set.of();
    taking = Set.of();
    reported = Map.of();
    target = Map.of();
    sent = null;
    sayAll = false;
  }

  /** What is owned and no longer wanted by the coordinator. */
  Set<GroupPartition> toRevoke() {
    Set<GroupPartition> gone = new HashSet<>();
    for (GroupPartition each : owned) {
      if (!target.getOrDefault(each.topicId(), Set.of()).contains(each.partition().partition())) {
        gone.add(each);
      }
    }
    return gone;
  }
}
