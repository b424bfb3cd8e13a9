package io.millrace.metadata.record;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.ClusterImage;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.ConfigsImage;
import io.millrace.metadata.image.MetadataDelta;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.image.TopicsImage;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the next image from the last one and what was written since. Use once: replay, then {@link
 * #finish}. Costs what the changes cost; topics that did not change are shared.
 *
 * <p>Confined to the thread that made it.
 */
public final class ImageReplay {

  private final MetadataImage before;
  private final boolean fromScratch;
  private @Nullable String clusterId;
  private PersistentMap<Integer, BrokerImage> brokers;
  private TopicsImage topics;
  private ConfigsImage configs;
  private long nextProducerId;

  private final Map<Uuid, TopicEdit> edits = new HashMap<>();
  private final Set<Uuid> touchedTopics = new HashSet<>();
  private final Set<Integer> touchedBrokers = new HashSet<>();
  private final Set<ConfigResource> touchedConfigs = new HashSet<>();

  private ImageReplay(MetadataImage before, boolean fromScratch) {
    MetadataImage start = fromScratch ? MetadataImage.EMPTY : before;
    this.before = before;
    this.fromScratch = fromScratch;
    this.clusterId = start.cluster().clusterId();
    this.brokers = start.cluster().brokers();
    this.topics = start.topics();
    this.configs = start.configs();
    this.nextProducerId = start.nextProducerId();
  }

  /** Replays changes on top of an image. */
  public static ImageReplay after(MetadataImage before) {
    return new ImageReplay(before, false);
  }

  /** Replays a whole state; the image before counts for the delta only. */
  public static ImageReplay ofWholeState(MetadataImage before) {
    return new ImageReplay(before, true);
  }

  /** An image together with how it differs from the one before. */
  public record Step(MetadataDelta delta, MetadataImage image) {}

  /** The step that one revision of the store makes. */
  public static Step step(MetadataImage before, KvDelta delta) {
    ImageReplay replay = after(before);
    replay.apply(delta);
    return replay.finish(delta.getRevision(), delta.getTerm());
  }

  /** The step to the state of a snapshot. */
  public static Step step(MetadataImage before, KvView view) {
    ImageReplay replay = ofWholeState(before);
    view.forEach(replay::put);
    return replay.finish(view.revision(), view.term());
  }

  /** Replays one revision of the store. */
  public void apply(KvDelta delta) {
    // Deletes first: a topic's deletion must not take what a put of the same revision adds under
    // the same name.
    for (String key : delta.getDeletesList()) {
      delete(key);
    }
    delta.getPutsList().forEach(this::put);
  }

  /** Replays one entry of the store. */
  public void put(KvEntry entry) {
    MetadataRecord record = RecordValues.decode(entry.getKey(), entry.getValue());
    if (record != null) {
      put(record, entry.getModRevision());
    }
  }

  /** Replays one change of a decision that is not in the store yet. */
  public void apply(MetadataChange change, long revision) {
    if (change.record() == null) {
      delete(change.key());
    } else {
      put(change.record(), revision);
    }
  }

  private void put(MetadataRecord record, long revision) {
    if (record instanceof MetadataRecord.PartitionRecord partition) {
      edit(partition.topicId()).partitions().put(partition.state().partition(), partition.state());
    } else if (record instanceof MetadataRecord.TopicRecord topic) {
      edit(topic.id()).rename(topic.name());
    } else if (record instanceof MetadataRecord.BrokerRecord broker) {
      put(broker, revision);
    } else if (record instanceof MetadataRecord.BrokerStateRecord state) {
      BrokerImage broker = brokers.get(state.id());
      if (broker == null) {
        throw new IllegalStateException(
            "state of broker " + state.id() + " without its registration");
      }
      touchedBrokers.add(state.id());
      brokers = brokers.with(state.id(), broker.withState(state.fenced(), state.shuttingDown()));
    } else if (record instanceof MetadataRecord.BrokerStorageRecord reported) {
      BrokerImage broker = brokers.get(reported.id());
      if (broker == null) {
        throw new IllegalStateException(
            "storage of broker " + reported.id() + " without its registration");
      }
      touchedBrokers.add(reported.id());
      brokers = brokers.with(reported.id(), broker.withStorage(reported.storage()));
    } else if (record instanceof MetadataRecord.ConfigRecord config) {
      touchedConfigs.add(config.resource());
      configs = configs.with(config.resource(), config.config(), config.setTo());
    } else if (record instanceof MetadataRecord.ProducerIdsRecord ids) {
      nextProducerId = ids.next();
    } else if (record instanceof MetadataRecord.ClusterRecord cluster) {
      clusterId = cluster.clusterId();
    }
  }

  private void put(MetadataRecord.BrokerRecord record, long revision) {
    BrokerImage old = brokers.get(record.id());
    touchedBrokers.add(record.id());
    brokers =
        brokers.with(
            record.id(),
            new BrokerImage(
                record.id(),
                revision,
                record.incarnation(),
                record.directory(),
                record.rack(),
                record.endpoints(),
                old == null || old.fenced(),
                old != null && old.shuttingDown(),
                old == null ? BrokerStorage.WELL : old.storage()));
  }

  private void delete(String key) {
    RecordKey parsed = RecordKey.parse(key);
    if (parsed != null) {
      delete(parsed);
    }
  }

  private void delete(RecordKey key) {
    if (key instanceof RecordKey.Topic topic) {
      touchedTopics.add(topic.id());
      edits.remove(topic.id());
      topics = topics.without(topic.id());
    } else if (key instanceof RecordKey.Broker broker) {
      touchedBrokers.add(broker.id());
      brokers = brokers.without(broker.id());
    } else if (key instanceof RecordKey.Config config) {
      touchedConfigs.add(config.resource());
      configs = configs.without(config.resource(), config.config());
    }
    // Partitions go with their topic, a broker's state with its registration; the rest is never
    // deleted.
  }

  private TopicEdit edit(Uuid id) {
    touchedTopics.add(id);
    return edits.computeIfAbsent(id, key -> new TopicEdit(topics.topic(key)));
  }

  /** The next image and the difference. */
  public Step finish(long revision, long term) {
    for (Map.Entry<Uuid, TopicEdit> edit : edits.entrySet()) {
      topics = topics.with(edit.getValue().build(edit.getKey()));
    }
    MetadataImage image =
        new MetadataImage(
            revision, term, new ClusterImage(clusterId, brokers), topics, configs, nextProducerId);
    if (fromScratch) {
      before.cluster().brokers().forEach(entry -> touchedBrokers.add(entry.getKey()));
      before.topics().byId().forEach(entry -> touchedTopics.add(entry.getKey()));
      before.configs().byResource().forEach(entry -> touchedConfigs.add(entry.getKey()));
    }
    return new Step(
        Differences.between(before, image, touchedTopics, touchedBrokers, touchedConfigs), image);
  }

  /** A topic while its records are replayed. */
  private static final class TopicEdit {
    private @Nullable String name;
    private final Map<Integer, PartitionImage> changed = new HashMap<>();
    private final List<PartitionImage> old;

    TopicEdit(@Nullable TopicImage before) {
      name = before == null ? null : before.name();
      old = before == null ? List.of() : before.partitions();
    }

    void rename(String newName) {
      name = newName;
    }

    Map<Integer, PartitionImage> partitions() {
      return changed;
    }

    TopicImage build(Uuid id) {
      if (name == null) {
        throw new IllegalStateException(
            "partitions " + changed.keySet() + " of topic " + id + " without the topic");
      }
      List<PartitionImage> partitions = new ArrayList<>(old);
      changed.keySet().stream()
          .sorted()
          .forEach(
              index -> {
                PartitionImage state = changed.get(index);
                if (state != null && index < partitions.size()) {
                  partitions.set(index, state);
                } else if (state != null) {
                  partitions.add(state);
                }
              });
      return new TopicImage(id, name, partitions);
    }
  }
}
