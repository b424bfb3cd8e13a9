package io.millrace.metadata.record;

import com.google.protobuf.ByteString;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.Uuid;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One fact of the cluster, as the store holds it: a {@link RecordKey} and a protobuf value. */
public sealed interface MetadataRecord {

  RecordKey key();

  /** The value in the store. */
  default ByteString value() {
    return RecordValues.encode(this);
  }

  /** The id that the first controller gave the cluster. */
  record ClusterRecord(String clusterId) implements MetadataRecord {
    @Override
    public RecordKey key() {
      return new RecordKey.Cluster();
    }
  }

  /** A broker's registration; the revision that writes it is the broker's epoch. */
  record BrokerRecord(
      int id, Uuid incarnation, Uuid directory, @Nullable String rack, List<Endpoint> endpoints)
      implements MetadataRecord {
    public BrokerRecord {
      endpoints = List.copyOf(endpoints);
    }

    @Override
    public RecordKey key() {
      return new RecordKey.Broker(id);
    }
  }

  /** Whether a broker takes part. */
  record BrokerStateRecord(int id, boolean fenced, boolean shuttingDown) implements MetadataRecord {
    @Override
    public RecordKey key() {
      return new RecordKey.BrokerState(id);
    }
  }

  /** How a broker's disks are. */
  record BrokerStorageRecord(int id, BrokerStorage storage) implements MetadataRecord {
    @Override
    public RecordKey key() {
      return new RecordKey.BrokerStorage(id);
    }
  }

  /** A topic's name. */
  record TopicRecord(Uuid id, String name) implements MetadataRecord {
    @Override
    public RecordKey key() {
      return new RecordKey.Topic(id);
    }
  }

  /** The state of a partition. */
  record PartitionRecord(Uuid topicId, PartitionImage state) implements MetadataRecord {
    @Override
    public RecordKey key() {
      return new RecordKey.Partition(topicId, state.partition());
    }
  }

  /** One dynamic config. */
  record ConfigRecord(ConfigResource resource, String config, String setTo)
      implements MetadataRecord {
    @Override
    public RecordKey key() {
      return new RecordKey.Config(resource, config);
    }
  }

  /** The first producer id that was not handed out. */
  record ProducerIdsRecord(long next) implements MetadataRecord {
    @Override
    public RecordKey key() {
      return new RecordKey.ProducerIds();
    }
  }
}
