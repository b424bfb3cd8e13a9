package io.millrace.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Changes and describes a cluster. Each call goes to the broker that can answer it, and is repeated
 * while the trouble is passing (a leader moves, a connection breaks) until {@code
 * default.api.timeout.ms}.
 *
 * <p>Thread-safe; nothing blocks except {@link #close()}. Where a call names several resources,
 * each has its own future: one bad name does not spoil the others. Futures fail with {@link
 * MillraceException}, and complete on the client's loop.
 */
public interface Admin extends AutoCloseable {

  static AdminBuilder builder() {
    return new AdminBuilder();
  }

  /** Creates one topic. */
  default CompletableFuture<CreatedTopic> createTopic(NewTopic topic) {
    return Results.only(createTopics(List.of(topic), false), topic.name());
  }

  /**
   * Creates topics; completes when the cluster's metadata has them.
   *
   * @param validateOnly only checks whether it would work
   */
  Map<String, CompletableFuture<CreatedTopic>> createTopics(
      Collection<NewTopic> topics, boolean validateOnly);

  /** Deletes one topic, with all its records. */
  default CompletableFuture<Void> deleteTopic(String topic) {
    return Results.only(deleteTopics(List.of(topic)), topic);
  }

  /** Deletes topics, with all their records. */
  Map<String, CompletableFuture<Void>> deleteTopics(Collection<String> topics);

  /** All topics, by name; internal ones too, marked. */
  CompletableFuture<List<TopicListing>> listTopics();

  /** One topic. */
  default CompletableFuture<TopicDescription> describeTopic(String topic) {
    return Results.only(describeTopics(List.of(topic)), topic);
  }

  Map<String, CompletableFuture<TopicDescription>> describeTopics(Collection<String> topics);

  /**
   * Adds partitions until a topic has the given number.
   *
   * @param totals topic to its new number of partitions
   */
  Map<String, CompletableFuture<Void>> createPartitions(
      Map<String, Integer> totals, boolean validateOnly);

  /** All configs of each resource, with their sources. */
  Map<ConfigResource, CompletableFuture<List<ConfigEntry>>> describeConfigs(
      Collection<ConfigResource> resources);

  /** Changes configs; those not named stay as they are. */
  Map<ConfigResource, CompletableFuture<Void>> alterConfigs(
      Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly);

  /** The brokers, fenced ones too, and the controller. */
  CompletableFuture<ClusterDescription> describeCluster();

  /** The log directories of brokers, by broker id: which failed, how much room there is. */
  Map<Integer, CompletableFuture<List<LogDirectory>>> describeLogDirectories(
      Collection<Integer> brokers);

  /** The metadata quorum: leader, term, lag of each voter. */
  CompletableFuture<QuorumDescription> describeQuorum();

  /** One offset of each partition; offset -1 where a timestamp finds no record. */
  Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> listOffsets(
      Map<TopicPartition, OffsetSpec> partitions);

  /**
   * When records were written: for each partition the time of the first record at the offset or
   * behind it, -1 where there is none. Reads a little of each partition.
   */
  Map<TopicPartition, CompletableFuture<Long>> recordTimestamps(Map<TopicPartition, Long> offsets);

  /** All groups of the cluster, of whatever type. */
  default CompletableFuture<GroupListings> listGroups() {
    return listGroups(Set.of(), Set.of());
  }

  /**
   * The groups in one of these states and of one of these types. Completes also when some brokers
   * do not answer, and says which.
   *
   * @param states empty for all
   * @param types empty for all
   */
  CompletableFuture<GroupListings> listGroups(Set<GroupState> states, Set<GroupType> types);

  /** One group; fails with {@code GROUP_ID_NOT_FOUND}. */
  default CompletableFuture<GroupDescription> describeGroup(String groupId) {
    return Results.only(describeGroups(List.of(groupId)), groupId);
  }

  /** Groups of the classic protocol and of KIP-848, with their members and assignments. */
  Map<String, CompletableFuture<GroupDescription>> describeGroups(Collection<String> groupIds);

  /** All that a group has committed. */
  default CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committedOffsets(
      String groupId) {
    return Results.only(committedOffsets(List.of(groupId)), groupId);
  }

  /**
   * All that groups have committed, also in topics that are no more. A group that does not exist
   * has committed nothing.
   */
  Map<String, CompletableFuture<Map<TopicPartition, OffsetAndMetadata>>> committedOffsets(
      Collection<String> groupIds);

  /**
   * Commits for a group from outside; makes the group if there is none. Fails with {@code
   * UNKNOWN_MEMBER_ID} while the group has members, who would not know.
   */
  Map<TopicPartition, CompletableFuture<Void>> alterGroupOffsets(
      String groupId, Map<TopicPartition, OffsetAndMetadata> offsets);

  /**
   * Forgets what a group has committed in these partitions. Fails with {@code
   * GROUP_SUBSCRIBED_TO_TOPIC} where a member subscribes to the topic.
   */
  Map<TopicPartition, CompletableFuture<Void>> deleteGroupOffsets(
      String groupId, Collection<TopicPartition> partitions);

  /** Deletes groups without members, and all they have committed. */
  Map<String, CompletableFuture<Void>> deleteGroups(Collection<String> groupIds);

  /**
   * Takes members out of a group as if they had left: dead ones before their session ends, and
   * static ones. Members that live will join again.
   *
   * @param reason for the coordinator's log
   */
  Map<MemberToRemove, CompletableFuture<Void>> removeMembers(
      String groupId, Collection<MemberToRemove> members, String reason);

  /** Fails what is under way, and frees threads and connections. */
  @Override
  void close();

  /** As {@link #close()}, but first lets what is under way end, at most this long. */
  void close(Duration timeout);
}
