package io.millrace.metadata.controller;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord.ConfigRecord;
import io.millrace.metadata.record.MetadataRecord.PartitionRecord;
import io.millrace.metadata.record.MetadataRecord.TopicRecord;
import io.millrace.metadata.record.RecordKey;
import io.millrace.metadata.request.CreatePartitions;
import io.millrace.metadata.request.CreatePartitions.Growth;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.CreatedTopic;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.metadata.request.DeleteTopics;
import io.millrace.metadata.request.DeleteTopics.DeletedTopic;
import io.millrace.metadata.request.Result;
import io.millrace.metadata.request.TopicRef;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Decides which topics exist and where their partitions stand. Pure but for the seed of ids and
 * placement.
 */
final class TopicControl {

  private final ControllerConfig config;
  private final ConfigValidator validator;
  private final SplittableRandom random;

  TopicControl(ControllerConfig config, ConfigValidator validator, SplittableRandom random) {
    this.config = config;
    this.validator = validator;
    this.random = random;
  }

  ControlDecision<CreateTopics.Response> create(MetadataImage image, CreateTopics request) {
    List<MetadataChange> changes = new ArrayList<>();
    List<CreatedTopic> answers = new ArrayList<>();
    Set<String> created = new LinkedHashSet<>();
    int budget = config.maxPartitionsPerRequest();
    for (NewTopic topic : request.topics()) {
      try {
        checkName(image, created, topic.name());
        checkConfigs(topic);
        List<List<Integer>> assignment = assignment(image, topic, budget);
        Uuid id = Uuid.random(random);
        List<MetadataChange> writes = write(image, topic, id, assignment);
        budget -= assignment.size();
        created.add(topic.name());
        if (!request.validateOnly()) {
          changes.addAll(writes);
        }
        answers.add(
            new CreatedTopic(
                topic.name(),
                Result.OK,
                request.validateOnly() ? null : id,
                assignment.size(),
                assignment.get(0).size()));
      } catch (Refused refused) {
        answers.add(new CreatedTopic(topic.name(), refused.result, null, -1, -1));
      }
    }
    return new ControlDecision<>(changes, new CreateTopics.Response(answers));
  }

  ControlDecision<DeleteTopics.Response> delete(MetadataImage image, DeleteTopics request) {
    List<MetadataChange> changes = new ArrayList<>();
    List<DeletedTopic> answers = new ArrayList<>();
    Set<Uuid> deleted = new HashSet<>();
    for (TopicRef ref : request.topics()) {
      TopicImage topic = find(image, ref);
      if (topic == null || !deleted.add(topic.id())) {
        ErrorCode error =
            ref.id() != null ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        String what = ref.id() != null ? "topic id " + ref.id() : "topic " + ref.name();
        answers.add(
            new DeletedTopic(ref.id(), ref.name(), Result.of(error, what + " does not exist")));
        continue;
      }
      for (PartitionImage partition : topic.partitions()) {
        changes.add(
            MetadataChange.delete(new RecordKey.Partition(topic.id(), partition.partition())));
      }
      ConfigResource resource = ConfigResource.topic(topic.name());
      for (Map.Entry<String, String> set : image.configs().of(resource)) {
        changes.add(MetadataChange.delete(new RecordKey.Config(resource, set.getKey())));
      }
      changes.add(MetadataChange.delete(new RecordKey.Topic(topic.id())));
      answers.add(new DeletedTopic(topic.id(), topic.name(), Result.OK));
    }
    return new ControlDecision<>(changes, new DeleteTopics.Response(answers));
  }

  ControlDecision<CreatePartitions.Response> grow(MetadataImage image, CreatePartitions request) {
    List<MetadataChange> changes = new ArrayList<>();
    List<CreatePartitions.TopicResult> answers = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    int budget = config.maxPartitionsPerRequest();
    for (Growth growth : request.topics()) {
      try {
        if (!seen.add(growth.topic())) {
          throw new Refused(
              ErrorCode.INVALID_REQUEST, "topic " + growth.topic() + " is named twice");
        }
        List<PartitionRecord> added = growth(image, growth, budget);
        budget -= added.size();
        if (!request.validateOnly()) {
          added.forEach(record -> changes.add(MetadataChange.put(record)));
        }
        answers.add(new CreatePartitions.TopicResult(growth.topic(), Result.OK));
      } catch (Refused refused) {
        answers.add(new CreatePartitions.TopicResult(growth.topic(), refused.result));
      }
    }
    return new ControlDecision<>(changes, new CreatePartitions.Response(answers));
  }

  private List<PartitionRecord> growth(MetadataImage image, Growth growth, int budget)
      throws Refused {
    TopicImage topic = image.topics().topic(growth.topic());
    if (topic == null) {
      throw new Refused(
          ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "topic " + growth.topic() + " does not exist");
    }
    int present = topic.partitions().size();
    int added = growth.count() - present;
    if (added <= 0) {
      throw new Refused(
          ErrorCode.INVALID_PARTITIONS,
          "topic "
              + topic.name()
              + " has "
              + present
              + " partitions already, which is not less than the "
              + growth.count()
              + " asked for");
    }
    checkPartitionCount(growth.count(), added, budget);
    if (!growth.assignments().isEmpty() && growth.assignments().size() != added) {
      throw new Refused(
          ErrorCode.INVALID_REPLICA_ASSIGNMENT,
          added
              + " new partitions of topic "
              + topic.name()
              + " have "
              + growth.assignments().size()
              + " assignments");
    }
    int factor = topic.partitions().get(0).replicas().size();
    boolean placed = growth.assignments().isEmpty();
    ReplicaPlacer placer =
        placed ? placerFor(image, factor) : new ReplicaPlacer(image.cluster(), random);
    List<PartitionRecord> records = new ArrayList<>();
    for (int i = 0; i < added; i++) {
      int index = present + i;
      List<Integer> replicas = placed ? placer.place(index, factor) : growth.assignments().get(i);
      if (replicas.size() != factor) {
        throw new Refused(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partition "
                + index
                + " of topic "
                + topic.name()
                + " has "
                + replicas.size()
                + " replicas, the others have "
                + factor);
      }
      records.add(new PartitionRecord(topic.id(), firstState(image, index, replicas)));
    }
    return records;
  }

  private static @Nullable TopicImage find(MetadataImage image, TopicRef ref) {
    if (ref.id() != null) {
      return image.topics().topic(ref.id());
    }
    return ref.name() == null ? null : image.topics().topic(ref.name());
  }

  private static void checkName(MetadataImage image, Set<String> created, String name)
      throws Refused {
    String defect = TopicNames.defect(name);
    if (defect != null) {
      throw new Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, defect);
    }
    if (image.topics().topic(name) != null || created.contains(name)) {
      throw new Refused(ErrorCode.TOPIC_ALREADY_EXISTS, "topic " + name + " already exists");
    }
    String collision = TopicNames.collision(image, created, name);
    if (collision != null) {
      throw new Refused(
          ErrorCode.INVALID_TOPIC_EXCEPTION,
          "topic "
              + name
              + " collides with topic "
              + collision
              + ": '.' and '_' are one character in metric names");
    }
  }

  private void checkConfigs(NewTopic topic) throws Refused {
    for (Map.Entry<String, String> entry : new TreeMap<>(topic.configs()).entrySet()) {
      Result result =
          validator.validate(ConfigResource.topic(topic.name()), entry.getKey(), entry.getValue());
      if (!result.isOk()) {
        throw new Refused(result);
      }
    }
  }

  private List<List<Integer>> assignment(MetadataImage image, NewTopic topic, int budget)
      throws Refused {
    if (!topic.assignments().isEmpty()) {
      return manualAssignment(topic, budget);
    }
    int partitions = topic.partitions() == -1 ? config.defaultPartitions() : topic.partitions();
    checkPartitionCount(partitions, partitions, budget);
    int factor =
        topic.replicationFactor() == -1
            ? config.defaultReplicationFactor()
            : topic.replicationFactor();
    ReplicaPlacer placer = placerFor(image, factor);
    List<List<Integer>> assignment = new ArrayList<>(partitions);
    for (int i = 0; i < partitions; i++) {
      assignment.add(placer.place(i, factor));
    }
    return assignment;
  }

  private List<List<Integer>> manualAssignment(NewTopic topic, int budget) throws Refused {
    if (topic.partitions() != -1 || topic.replicationFactor() != -1) {
      throw new Refused(
          ErrorCode.INVALID_REQUEST,
          "a topic with an assignment has partitions=-1 and replicationFactor=-1, not "
              + topic.partitions()
              + " and "
              + topic.replicationFactor());
    }
    checkPartitionCount(topic.assignments().size(), topic.assignments().size(), budget);
    List<List<Integer>> assignment = new ArrayList<>();
    for (int i = 0; i < topic.assignments().size(); i++) {
      List<Integer> replicas = topic.assignments().get(i);
      if (replicas == null) {
        throw new Refused(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions must be numbered from 0 without a gap: there is no "
                + i
                + " among "
                + new TreeMap<>(topic.assignments()).keySet());
      }
      if (!assignment.isEmpty() && assignment.get(0).size() != replicas.size()) {
        throw new Refused(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partition "
                + i
                + " has "
                + replicas.size()
                + " replicas, partition 0 has "
                + assignment.get(0).size());
      }
      assignment.add(replicas);
    }
    return assignment;
  }

  private void checkPartitionCount(int total, int added, int budget) throws Refused {
    if (total < 1) {
      throw new Refused(
          ErrorCode.INVALID_PARTITIONS,
          "number of partitions is " + total + ", it must be at least 1");
    }
    if (total > config.maxPartitionsPerTopic()) {
      throw new Refused(
          ErrorCode.INVALID_PARTITIONS,
          "number of partitions is "
              + total
              + ", the maximum for a topic is "
              + config.maxPartitionsPerTopic());
    }
    if (added > budget) {
      throw new Refused(
          ErrorCode.POLICY_VIOLATION,
          added
              + " partitions go over the maximum of "
              + config.maxPartitionsPerRequest()
              + " in one request, "
              + budget
              + " are left");
    }
  }

  private ReplicaPlacer placerFor(MetadataImage image, int factor) throws Refused {
    ReplicaPlacer placer = new ReplicaPlacer(image.cluster(), random);
    if (factor < 1 || factor > Short.MAX_VALUE) {
      throw new Refused(
          ErrorCode.INVALID_REPLICATION_FACTOR,
          "replication factor is " + factor + ", it must be at least 1");
    }
    if (factor > placer.brokers()) {
      throw new Refused(
          ErrorCode.INVALID_REPLICATION_FACTOR,
          "replication factor is "
              + factor
              + ", but only "
              + placer.brokers()
              + " brokers are alive"
              + withoutDisk(image));
    }
    return placer;
  }

  private static String withoutDisk(MetadataImage image) {
    List<Integer> without = new ArrayList<>();
    for (BrokerImage broker : image.cluster().brokers().values()) {
      if (broker.isActive() && !broker.takesReplicas()) {
        without.add(broker.id());
      }
    }
    return without.isEmpty()
        ? ""
        : " and have a data directory in service; those of brokers " + without + " have all failed";
  }

  private static List<MetadataChange> write(
      MetadataImage image, NewTopic topic, Uuid id, List<List<Integer>> assignment) throws Refused {
    List<MetadataChange> mine = new ArrayList<>();
    mine.add(MetadataChange.put(new TopicRecord(id, topic.name())));
    for (int i = 0; i < assignment.size(); i++) {
      mine.add(
          MetadataChange.put(new PartitionRecord(id, firstState(image, i, assignment.get(i)))));
    }
    ConfigResource resource = ConfigResource.topic(topic.name());
    topic
        .configs()
        .forEach(
            (key, value) -> mine.add(MetadataChange.put(new ConfigRecord(resource, key, value))));
    return mine;
  }

  /** A new partition: in sync is who is active, the first of them leads. */
  private static PartitionImage firstState(MetadataImage image, int index, List<Integer> replicas)
      throws Refused {
    if (replicas.isEmpty() || new HashSet<>(replicas).size() != replicas.size()) {
      throw new Refused(
          ErrorCode.INVALID_REPLICA_ASSIGNMENT, "partition " + index + " has replicas " + replicas);
    }
    for (int replica : replicas) {
      if (image.cluster().broker(replica) == null) {
        throw new Refused(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partition "
                + index
                + " is assigned to broker "
                + replica
                + ", which is not registered");
      }
    }
    List<Integer> isr = replicas.stream().filter(image.cluster()::takesReplicas).toList();
    if (isr.isEmpty()) {
      throw new Refused(
          ErrorCode.INVALID_REPLICA_ASSIGNMENT,
          "partition "
              + index
              + " has replicas "
              + replicas
              + ", none of which is alive with a working disk");
    }
    return new PartitionImage(index, replicas, isr, isr.get(0), 0, 0);
  }

  /** Leaves the checks of one topic; the next topic goes on. */
  private static final class Refused extends Exception {
    final transient Result result;

    Refused(ErrorCode error, String message) {
      this(Result.of(error, message));
    }

    Refused(Result result) {
      super(result.message(), null, false, false);
      this.result = result;
    }
  }
}
