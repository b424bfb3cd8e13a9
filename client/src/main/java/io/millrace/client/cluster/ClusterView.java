package io.millrace.client.cluster;

import io.millrace.client.BrokerInfo;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.TopicView.PartitionView;
import io.millrace.protocol.Uuid;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the client believes about the cluster. Immutable; replaced as a whole by each answer.
 *
 * @param controllerId -1 when unknown
 * @param brokers by id; empty before the first answer
 * @param topics by name; only those that somebody asked about
 */
public record ClusterView(
    @Nullable String clusterId,
    int controllerId,
    Map<Integer, BrokerInfo> brokers,
    Map<String, TopicView> topics) {

  /** Before the first answer. */
  public static final ClusterView UNKNOWN = new ClusterView(null, -1, Map.of(), Map.of());

  public ClusterView {
    brokers = Map.copyOf(brokers);
    topics = Map.copyOf(topics);
  }

  public @Nullable TopicView topic(String name) {
    return topics.get(name);
  }

  /** Null when the topic or the partition is unknown. */
  public @Nullable PartitionView partition(TopicPartition partition) {
    TopicView topic = topics.get(partition.topic());
    return topic == null || partition.partition() >= topic.partitionCount()
        ? null
        : topic.partitions().get(partition.partition());
  }

  /** The broker that leads; null when none is known. */
  public @Nullable BrokerInfo leaderOf(TopicPartition partition) {
    PartitionView view = partition(partition);
    return view == null ? null : brokers.get(view.leader());
  }

  /** -1 when the partition or its epoch is unknown. */
  public int leaderEpochOf(TopicPartition partition) {
    PartitionView view = partition(partition);
    return view == null ? -1 : view.leaderEpoch();
  }

  /** All zero when unknown. */
  public Uuid topicId(String name) {
    TopicView topic = topics.get(name);
    return topic == null ? Uuid.ZERO : topic.id();
  }

  /** The name of a topic by its id; for answers that carry ids only. */
  public Map<Uuid, String> namesById() {
    Map<Uuid, String> names = new HashMap<>();
    topics.values().forEach(topic -> names.put(topic.id(), topic.name()));
    return names;
  }

  /** The next view: what the answer says about its topics, older beliefs about the others. */
  ClusterView with(ClusterView answer) {
    Map<String, TopicView> merged = new HashMap<>(topics);
    answer.topics.forEach(
        (name, topic) -> {
          TopicView earlier = topics.get(name);
          merged.put(name, earlier == null ? topic : topic.mergedOver(earlier));
        });
    return new ClusterView(answer.clusterId, answer.controllerId, answer.brokers, merged);
  }
}
