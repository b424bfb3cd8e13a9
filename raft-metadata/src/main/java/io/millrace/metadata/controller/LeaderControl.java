package io.millrace.metadata.controller;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord.PartitionRecord;
import io.millrace.metadata.request.ElectLeaders;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Elects leaders when asked, and brings leadership back to preferred replicas. Pure. */
final class LeaderControl {

  private LeaderControl() {}

  static ControlDecision<ElectLeaders.Response> elect(MetadataImage image, ElectLeaders request) {
    List<MetadataChange> changes = new ArrayList<>();
    List<ElectLeaders.PartitionResult> answers = new ArrayList<>();
    if (request.partitions() == null) {
      for (TopicImage topic : image.topics().byName()) {
        for (PartitionImage state : topic.partitions()) {
          PartitionImage next = elect(image, topic, state, request.unclean());
          if (!next.equals(state)) {
            changes.add(MetadataChange.put(new PartitionRecord(topic.id(), next)));
            answers.add(
                new ElectLeaders.PartitionResult(topic.name(), state.partition(), Result.OK));
          }
        }
      }
      return new ControlDecision<>(changes, new ElectLeaders.Response(answers));
    }
    for (ElectLeaders.Partition named : new LinkedHashSet<>(request.partitions())) {
      TopicImage topic = image.topics().topic(named.topic());
      PartitionImage state = topic == null ? null : topic.partition(named.partition());
      PartitionImage next =
          topic == null || state == null ? null : elect(image, topic, state, request.unclean());
      if (topic != null && state != null && next != null && !next.equals(state)) {
        changes.add(MetadataChange.put(new PartitionRecord(topic.id(), next)));
      }
      answers.add(
          new ElectLeaders.PartitionResult(
              named.topic(), named.partition(), result(state, next, request.unclean())));
    }
    return new ControlDecision<>(changes, new ElectLeaders.Response(answers));
  }

  /**
   * What takes leadership back to the preferred replicas that are in sync; at most so many
   * partitions at a time.
   */
  static List<MetadataChange> rebalance(MetadataImage image, int limit) {
    return Partitions.change(
        image,
        limit,
        (topic, state) ->
            LeaderElector.electPreferred(state, Partitions.serving(image, topic, state)));
  }

  /** As {@link #rebalance}, for what these brokers are preferred for. */
  static List<MetadataChange> giveBack(MetadataImage image, Set<Integer> brokers, int limit) {
    return Partitions.change(
        image,
        limit,
        (topic, state) ->
            brokers.contains(state.preferredLeader())
                ? LeaderElector.electPreferred(state, Partitions.serving(image, topic, state))
                : state);
  }

  /** Whether all replicas of an active broker, but those on failed disks, are in sync. */
  static boolean isInSync(MetadataImage image, int broker) {
    for (TopicImage topic : image.topics().byId().values()) {
      for (PartitionImage state : topic.partitions()) {
        if (state.replicas().contains(broker)
            && !state.isr().contains(broker)
            && image.cluster().serves(broker, topic.id(), state.partition())) {
          return false;
        }
      }
    }
    return true;
  }

  /** What gives a leader to leaderless partitions of these topics, after a setting allowed more. */
  static List<MetadataChange> electLeaderless(MetadataImage image, Set<String> topics) {
    return Partitions.change(
        image,
        Integer.MAX_VALUE,
        (topic, state) ->
            topics.contains(topic.name())
                ? LeaderElector.elect(
                    state,
                    Partitions.serving(image, topic, state),
                    Partitions.uncleanAllowed(image, topic.name()))
                : state);
  }

  private static PartitionImage elect(
      MetadataImage image, TopicImage topic, PartitionImage state, boolean unclean) {
    IntPredicate active = Partitions.serving(image, topic, state);
    return unclean
        ? LeaderElector.elect(state, active, true)
        : LeaderElector.electPreferred(state, active);
  }

  private static Result result(
      @Nullable PartitionImage state, @Nullable PartitionImage next, boolean unclean) {
    if (state == null) {
      return Result.of(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "the partition does not exist");
    }
    if (!state.equals(next)) {
      return Result.OK;
    }
    boolean needless = unclean ? state.hasLeader() : state.leader() == state.preferredLeader();
    if (needless) {
      return Result.of(
          ErrorCode.ELECTION_NOT_NEEDED, "broker " + state.leader() + " leads already");
    }
    return unclean
        ? Result.of(
            ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
            "no replica of " + state.replicas() + " is alive")
        : Result.of(
            ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
            "preferred leader "
                + state.preferredLeader()
                + " is not alive and in the ISR "
                + state.isr());
  }
}
