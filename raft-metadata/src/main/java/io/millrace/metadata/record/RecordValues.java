package io.millrace.metadata.record;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.record.MetadataRecord.BrokerRecord;
import io.millrace.metadata.record.MetadataRecord.BrokerStateRecord;
import io.millrace.metadata.record.MetadataRecord.BrokerStorageRecord;
import io.millrace.metadata.record.MetadataRecord.ClusterRecord;
import io.millrace.metadata.record.MetadataRecord.ConfigRecord;
import io.millrace.metadata.record.MetadataRecord.PartitionRecord;
import io.millrace.metadata.record.MetadataRecord.ProducerIdsRecord;
import io.millrace.metadata.record.MetadataRecord.TopicRecord;
import io.millrace.metadata.record.proto.BrokerStateValue;
import io.millrace.metadata.record.proto.BrokerStorageValue;
import io.millrace.metadata.record.proto.BrokerValue;
import io.millrace.metadata.record.proto.ConfigValue;
import io.millrace.metadata.record.proto.EndpointValue;
import io.millrace.metadata.record.proto.OfflineReplicasValue;
import io.millrace.metadata.record.proto.PartitionValue;
import io.millrace.metadata.record.proto.ProducerIdsValue;
import io.millrace.metadata.record.proto.TopicValue;
import io.millrace.metadata.record.proto.UuidValue;
import io.millrace.protocol.Uuid;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Records to and from the bytes that the store holds. */
public final class RecordValues {

  private RecordValues() {}

  /**
   * Reads an entry of the store; null when the key is not one of the cluster's records.
   *
   * @throws IllegalArgumentException when the value cannot be what a controller wrote
   */
  public static @Nullable MetadataRecord decode(String key, ByteString value) {
    RecordKey parsed = RecordKey.parse(key);
    if (parsed == null) {
      return null;
    }
    try {
      return decode(parsed, value);
    } catch (InvalidProtocolBufferException | IllegalArgumentException malformed) {
      throw new IllegalArgumentException(
          "value of metadata key '" + key + "' is malformed: " + malformed.getMessage(), malformed);
    }
  }

  private static MetadataRecord decode(RecordKey key, ByteString value)
      throws InvalidProtocolBufferException {
    if (key instanceof RecordKey.Partition partition) {
      return new PartitionRecord(
          partition.topicId(), partition(partition.index(), PartitionValue.parseFrom(value)));
    }
    if (key instanceof RecordKey.Topic topic) {
      return new TopicRecord(topic.id(), TopicValue.parseFrom(value).getName());
    }
    if (key instanceof RecordKey.Broker broker) {
      return broker(broker.id(), BrokerValue.parseFrom(value));
    }
    if (key instanceof RecordKey.BrokerState broker) {
      BrokerStateValue state = BrokerStateValue.parseFrom(value);
      return new BrokerStateRecord(broker.id(), state.getFenced(), state.getShuttingDown());
    }
    if (key instanceof RecordKey.BrokerStorage broker) {
      return new BrokerStorageRecord(broker.id(), storage(BrokerStorageValue.parseFrom(value)));
    }
    if (key instanceof RecordKey.Config config) {
      return new ConfigRecord(
          config.resource(), config.config(), ConfigValue.parseFrom(value).getValue());
    }
    if (key instanceof RecordKey.ProducerIds) {
      return new ProducerIdsRecord(ProducerIdsValue.parseFrom(value).getNext());
    }
    return new ClusterRecord(value.toStringUtf8());
  }

  static ByteString encode(MetadataRecord record) {
    if (record instanceof PartitionRecord partition) {
      PartitionImage state = partition.state();
      return PartitionValue.newBuilder()
          .addAllReplicas(state.replicas())
          .addAllIsr(state.isr())
          .setLeader(state.leader())
          .setLeaderEpoch(state.leaderEpoch())
          .setPartitionEpoch(state.partitionEpoch())
          .build()
          .toByteString();
    }
    if (record instanceof TopicRecord topic) {
      return TopicValue.newBuilder().setName(topic.name()).build().toByteString();
    }
    if (record instanceof BrokerRecord broker) {
      return encode(broker);
    }
    if (record instanceof BrokerStateRecord state) {
      return BrokerStateValue.newBuilder()
          .setFenced(state.fenced())
          .setShuttingDown(state.shuttingDown())
          .build()
          .toByteString();
    }
    if (record instanceof BrokerStorageRecord broker) {
      return storage(broker.storage()).toByteString();
    }
    if (record instanceof ConfigRecord config) {
      return ConfigValue.newBuilder().setValue(config.setTo()).build().toByteString();
    }
    if (record instanceof ProducerIdsRecord ids) {
      return ProducerIdsValue.newBuilder().setNext(ids.next()).build().toByteString();
    }
    return ByteString.copyFromUtf8(((ClusterRecord) record).clusterId());
  }

  private static ByteString encode(BrokerRecord broker) {
    BrokerValue.Builder value =
        BrokerValue.newBuilder()
            .setIncarnation(uuid(broker.incarnation()))
            .setDirectory(uuid(broker.directory()));
    if (broker.rack() != null) {
      value.setRack(broker.rack());
    }
    for (Endpoint endpoint : broker.endpoints()) {
      value.addEndpoints(endpoint(endpoint));
    }
    return value.build().toByteString();
  }

  private static BrokerRecord broker(int id, BrokerValue value) {
    return new BrokerRecord(
        id,
        uuid(value.getIncarnation()),
        uuid(value.getDirectory()),
        value.hasRack() ? value.getRack() : null,
        value.getEndpointsList().stream().map(RecordValues::endpoint).toList());
  }

  private static PartitionImage partition(int index, PartitionValue value) {
    return new PartitionImage(
        index,
        value.getReplicasList(),
        value.getIsrList(),
        value.getLeader(),
        value.getLeaderEpoch(),
        value.getPartitionEpoch());
  }

  public static BrokerStorageValue storage(BrokerStorage storage) {
    BrokerStorageValue.Builder value =
        BrokerStorageValue.newBuilder()
            .setAnyGood(storage.anyGood())
            .setFailedDirectories(storage.failedDirectories());
    // Sorted: equal values are equal bytes.
    new TreeMap<>(storage.offlineReplicas())
        .forEach(
            (topic, partitions) ->
                value.addOffline(
                    OfflineReplicasValue.newBuilder()
                        .setTopicId(uuid(topic))
                        .addAllPartitions(partitions)));
    return value.build();
  }

  public static BrokerStorage storage(BrokerStorageValue value) {
    Map<Uuid, List<Integer>> offline = new HashMap<>();
    for (OfflineReplicasValue topic : value.getOfflineList()) {
      offline.put(uuid(topic.getTopicId()), topic.getPartitionsList());
    }
    return new BrokerStorage(value.getAnyGood(), value.getFailedDirectories(), offline);
  }

  public static EndpointValue endpoint(Endpoint endpoint) {
    return EndpointValue.newBuilder()
        .setListener(endpoint.listener())
        .setHost(endpoint.host())
        .setPort(endpoint.port())
        .setSecurityProtocol(endpoint.securityProtocol())
        .build();
  }

  public static Endpoint endpoint(EndpointValue value) {
    return new Endpoint(
        value.getListener(), value.getHost(), value.getPort(), value.getSecurityProtocol());
  }

  public static UuidValue uuid(Uuid id) {
    return UuidValue.newBuilder()
        .setMost(id.mostSignificantBits())
        .setLeast(id.leastSignificantBits())
        .build();
  }

  public static Uuid uuid(UuidValue value) {
    return new Uuid(value.getMost(), value.getLeast());
  }
}
