package io.millrace.tools.system;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

/** What the tests of groups have in common. */
final class GroupClusters {

  private static final int OFFSETS_PARTITIONS = 8;

  /** Short sessions, so that a test sees a member time out; nothing waits for more members. */
  private static final Map<String, String> SETTINGS =
      Map.of(
          "group.initial.rebalance.delay.ms", "0",
          "group.min.session.timeout.ms", "1000",
          "group.consumer.min.session.timeout.ms", "1000",
          "group.consumer.session.timeout.ms", "3000",
          "group.consumer.min.heartbeat.interval.ms", "100",
          "group.consumer.heartbeat.interval.ms", "300",
          "offsets.topic.num.partitions", Integer.toString(OFFSETS_PARTITIONS));

  private GroupClusters() {}

  static ProcessCluster start(Path directory, int size) throws IOException {
    return start(directory, size, Map.of());
  }

  static ProcessCluster start(Path directory, int size, Map<String, String> settings)
      throws IOException {
    Map<String, String> all = new HashMap<>(SETTINGS);
    all.putAll(settings);
    return ProcessCluster.start(directory, size, all);
  }

  /** A member's settings under the classic protocol. */
  static Properties classic(ProcessCluster cluster, String group, String assignor) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", cluster.bootstrap());
    properties.put("group.id", group);
    properties.put("partition.assignment.strategy", assignor(assignor));
    properties.put("session.timeout.ms", "3000");
    properties.put("heartbeat.interval.ms", "300");
    return properties;
  }

  /** A member's settings under the protocol of KIP-848. */
  static Properties modern(ProcessCluster cluster, String group, String assignor) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", cluster.bootstrap());
    properties.put("group.id", group);
    properties.put("group.protocol", "consumer");
    properties.put("group.remote.assignor", assignor);
    return properties;
  }

  private static String assignor(String name) {
    String type =
        switch (name) {
          case "range" -> "RangeAssignor";
          case "roundrobin" -> "RoundRobinAssignor";
          case "sticky" -> "StickyAssignor";
          case "cooperative-sticky" -> "CooperativeStickyAssignor";
          default -> throw new IllegalArgumentException("no assignor " + name);
        };
    return "org.apache.kafka.clients.consumer." + type;
  }

  static Set<TopicPartition> partitions(String topic, int count) {
    Set<TopicPartition> partitions = new HashSet<>();
    for (int i = 0; i < count; i++) {
      partitions.add(new TopicPartition(topic, i));
    }
    return partitions;
  }

  /** Sends records to each partition in turn, returns each partition's end. */
  static Map<TopicPartition, Long> produce(
      ProcessCluster cluster, Set<TopicPartition> partitions, int recordsEach)
      throws ExecutionException, InterruptedException {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", cluster.bootstrap());
    Map<TopicPartition, Long> ends = new HashMap<>();
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      for (TopicPartition partition : partitions) {
        for (int i = 0; i < recordsEach; i++) {
          String value = "record " + i + " for " + partition;
          var sent =
              producer.send(
                  new ProducerRecord<>(partition.topic(), partition.partition(), null, value));
          if (i == recordsEach - 1) {
            ends.put(partition, sent.get().offset() + 1);
          }
        }
      }
    }
    return ends;
  }

  /** What the cluster says is committed. */
  static Map<TopicPartition, Long> committed(ProcessCluster cluster, String group)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    cluster
        .admin()
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .forEach(
            (partition, offset) -> {
              if (offset != null) {
                offsets.put(partition, offset.offset());
              }
            });
    return offsets;
  }

  /** The partition of the offsets topic that keeps a group; its leader coordinates the group. */
  static int offsetsPartition(String group) {
    return (group.hashCode() & Integer.MAX_VALUE) % OFFSETS_PARTITIONS;
  }

  /** The node that coordinates a group. */
  static int coordinator(ProcessCluster cluster, String group)
      throws ExecutionException, InterruptedException {
    return cluster.leaderOf("__consumer_offsets", offsetsPartition(group));
  }
}
