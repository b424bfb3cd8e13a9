package io.millrace.client.cluster;

import io.millrace.client.BrokerInfo;
import io.millrace.client.cluster.TopicView.PartitionView;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.MetadataRequest.MetadataRequestTopic;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.MetadataResponse.MetadataResponseBroker;
import io.millrace.protocol.message.MetadataResponse.MetadataResponsePartition;
import io.millrace.protocol.message.MetadataResponse.MetadataResponseTopic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Between the wire's metadata messages and the client's views. Pure. */
public final class MetadataCodec {

  private MetadataCodec() {}

  /**
   * Asks about topics.
   *
   * @param topics null for all
   * @param autoCreate whether the broker may create what it does not know, if its configuration
   *     allows that
   */
  public static MetadataRequest request(@Nullable Collection<String> topics, boolean autoCreate) {
    List<MetadataRequestTopic> asked = null;
    if (topics != null) {
      asked = new ArrayList<>(topics.size());
      for (String topic : topics) {
        asked.add(MetadataRequestTopic.builder().name(topic).build());
      }
    }
    return MetadataRequest.builder().topics(asked).allowAutoTopicCreation(autoCreate).build();
  }

  /** What the answer says. */
  public static ClusterView view(MetadataResponse answer) {
    Map<Integer, BrokerInfo> brokers = new HashMap<>();
    for (MetadataResponseBroker broker : answer.brokers()) {
      brokers.put(
          broker.nodeId(),
          new BrokerInfo(broker.nodeId(), broker.host(), broker.port(), broker.rack()));
    }
    Map<String, TopicView> topics = new HashMap<>();
    for (MetadataResponseTopic topic : answer.topics()) {
      String name = topic.name();
      if (name != null) {
        topics.put(name, topic(name, topic));
      }
    }
    return new ClusterView(answer.clusterId(), answer.controllerId(), brokers, topics);
  }

  private static TopicView topic(String name, MetadataResponseTopic topic) {
    ErrorCode error = ErrorCode.forCode(topic.errorCode());
    List<PartitionView> partitions = new ArrayList<>(topic.partitions().size());
    for (MetadataResponsePartition partition : topic.partitions()) {
      partitions.add(
          new PartitionView(
              partition.partitionIndex(),
              ErrorCode.forCode(partition.errorCode()),
              partition.leaderId(),
              partition.leaderEpoch(),
              partition.replicaNodes(),
              partition.isrNodes(),
              partition.offlineReplicas()));
    }
    partitions.sort(Comparator.comparingInt(PartitionView::partition));
    for (int i = 0; i < partitions.size(); i++) {
      if (partitions.get(i).partition()
          != i) { // a gap: this broker does not know the topic wholly yet
        error = ErrorCode.LEADER_NOT_AVAILABLE;
      }
    }
    return new TopicView(
        name,
        topic.topicId(),
        topic.isInternal(),
        error,
        error == ErrorCode.LEADER_NOT_AVAILABLE ? List.of() : partitions);
  }
}
