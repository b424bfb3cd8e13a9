package io.millrace.replication;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.LogManager;
import io.millrace.log.LogStorageException;
import io.millrace.log.PartitionLog;
import io.millrace.log.TopicPartitionId;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.ImageListener;
import io.millrace.metadata.image.MetadataDelta;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionChange;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.replication.follower.FetchTarget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The replicas of this broker: makes, changes and removes them as the metadata says, and has those
 * that follow fetched for.
 *
 * <p>Images are applied in order on the registry's loop, which may wait for the disk. Nothing is
 * applied before an image shows this broker's present registration. An older image may name it
 * leader in an epoch of its former life, in which it appended records that a crash took away;
 * registering ends every such epoch.
 *
 * <p>Lookups from any thread, wait-free.
 */
@ConfinedTo("the registry's loop; lookups from any thread")
public final class PartitionRegistry implements ImageListener {

  private static final Logger LOG = LoggerFactory.getLogger(PartitionRegistry.class);

  private record Key(Uuid topicId, int partition) {}

  private final ReplicaContext context;
  private final LogManager logs;
  private final EventLoop loop;
  private final FetcherPool fetchers;

  /** Written on the registry's loop alone. */
  private final ConcurrentHashMap<Key, ReplicatedPartition> partitions = new ConcurrentHashMap<>();

  /** Replicas whose log could not be opened; answered as failed disks. */
  private final Set<Key> broken = ConcurrentHashMap.newKeySet();

  private volatile LeadershipListener leadership = LeadershipListener.NONE;
  private MetadataImage applied = MetadataImage.EMPTY;
  private boolean started;
  private boolean closed;

  /**
   * @param loop may block for the disk
   */
  public PartitionRegistry(
      ReplicaContext context, LogManager logs, EventLoop loop, FetcherSource fetcherSource) {
    this.context = context;
    this.logs = logs;
    this.loop = loop;
    this.fetchers = new FetcherPool(context, loop, fetcherSource);
  }

  /** Sets who hears of leaderships. Before the first image. */
  public void onLeadership(LeadershipListener listener) {
    leadership = listener;
  }

  // ---- any thread

  /** The replica of a partition, or null when this broker has none. */
  public @Nullable ReplicatedPartition partition(Uuid topicId, int partition) {
    return partitions.get(new Key(topicId, partition));
  }

  /** The replica of a partition of the topic that has the name now. */
  public @Nullable ReplicatedPartition partition(String topic, int partition) {
    TopicImage image = context.image().get().topics().topic(topic);
    return image == null ? null : partition(image.id(), partition);
  }

  /** Whether this broker should have the replica, but its disk failed when it was opened. */
  public boolean isBroken(Uuid topicId, int partition) {
    return broken.contains(new Key(topicId, partition));
  }

  /**
   * The replicas of this broker that its disks keep from service, by topic id, as far as it was
   * told of them.
   */
  public Map<Uuid, List<Integer>> offlineReplicas() {
    Map<Uuid, List<Integer>> offline = new HashMap<>();
    broken.forEach(
        key -> offline.computeIfAbsent(key.topicId, id -> new ArrayList<>()).add(key.partition));
    partitions.forEach(
        (key, replica) -> {
          if (replica.log().isOffline()) {
            offline.computeIfAbsent(key.topicId, id -> new ArrayList<>()).add(key.partition);
          }
        });
    return offline;
  }

  /**
   * Takes replicas into service again whose directory was opened again. The metadata must show by
   * now that they were offline, which ended the epochs in which they led.
   */
  public CompletableFuture<Void> reopen() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (!closed && started) {
            for (TopicImage topic : applied.topics().byName()) {
              for (PartitionImage state : topic.partitions()) {
                if (state.replicas().contains(context.nodeId())) {
                  reopen(new TopicPartitionId(topic.id(), topic.name(), state.partition()), state);
                }
              }
            }
          }
          done.complete(null);
        });
    return done;
  }

  /** All replicas of this broker; a view that changes. */
  public Collection<ReplicatedPartition> partitions() {
    return partitions.values();
  }

  /**
   * Completes when the replicas of every image told of so far are there: who then hands something
   * to one of them comes behind its role.
   */
  public CompletableFuture<Void> settled() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    try {
      loop.execute(() -> done.complete(null));
    } catch (RejectedExecutionException e) {
      done.complete(null);
    }
    return done;
  }

  @Override
  public void onImage(MetadataDelta delta, MetadataImage image) {
    loop.execute(() -> apply(delta, image));
  }

  /**
   * Ends all roles and fetchers; the logs stay open. The future completes when nothing touches them
   * any more.
   */
  public CompletableFuture<Void> close() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          closed = true;
          fetchers.close();
          List<CompletableFuture<Void>> stops = new ArrayList<>();
          for (ReplicatedPartition partition : partitions.values()) {
            stops.add(partition.stop("shutdown"));
          }
          CompletableFuture.allOf(stops.toArray(new CompletableFuture<?>[0]))
              .whenComplete((ok, failure) -> done.complete(null));
        });
    return done;
  }

  // ---- the registry's loop

  private void apply(MetadataDelta delta, MetadataImage image) {
    if (closed) {
      return;
    }
    if (!started) {
      if (!showsThisLife(image)) {
        return;
      }
      started = true;
      applied = image;
      applyAll(image);
      return;
    }
    applied = image;
    // Removals first: a topic that was created again must find its name free.
    for (PartitionChange change : delta.partitions()) {
      if (!change.isOn(context.nodeId())) {
        remove(change);
      }
    }
    for (PartitionChange change : delta.partitions()) {
      PartitionImage after = change.after();
      if (after != null && change.isOn(context.nodeId())) {
        PartitionImage before = change.before();
        applyState(
            new TopicPartitionId(change.topicId(), change.topic(), change.partition()),
            after,
            before == null || !before.replicas().contains(context.nodeId()));
      }
    }
    reconfigure(delta);
  }

  private boolean showsThisLife(MetadataImage image) {
    long epoch = context.brokerEpoch().getAsLong();
    BrokerImage self = image.cluster().broker(context.nodeId());
    return epoch >= 0 && self != null && self.epoch() >= epoch;
  }

  private void applyAll(MetadataImage image) {
    Set<TopicPartitionId> expected = new HashSet<>();
    for (TopicImage topic : image.topics().byName()) {
      for (PartitionImage partition : topic.partitions()) {
        if (partition.replicas().contains(context.nodeId())) {
          TopicPartitionId id =
              new TopicPartitionId(topic.id(), topic.name(), partition.partition());
          expected.add(id);
          applyState(id, partition, false);
        }
      }
    }
    for (PartitionLog log : logs.logs()) {
      if (!expected.contains(log.id())) {
        // Not deleted: the metadata may be wrong, and these may be the only bytes left.
        LOG.warn(
            "a log here belongs to no partition of this broker; it is left alone log={}", log.id());
      }
    }
  }

  /**
   * @param isNew whether this broker cannot have held the replica before
   */
  private void applyState(TopicPartitionId id, PartitionImage state, boolean isNew) {
    Key key = new Key(id.topicId(), id.partition());
    ReplicatedPartition known = partitions.get(key);
    ReplicatedPartition partition = known == null ? open(id, key, isNew, -1) : known;
    if (partition != null) {
      enter(key, partition, state);
    }
  }

  private void reopen(TopicPartitionId id, PartitionImage state) {
    Key key = new Key(id.topicId(), id.partition());
    ReplicatedPartition known = partitions.get(key);
    if (known == null) {
      applyState(id, state, false);
      return;
    }
    if (!known.log().isOffline()) {
      return;
    }
    ReplicatedPartition fresh = open(id, key, false, known.lastLedEpoch());
    if (fresh != null) {
      fetchers.unassign(id);
      known.stop("its log was opened again");
      enter(key, fresh, state);
    }
  }

  private void enter(Key key, ReplicatedPartition partition, PartitionImage state) {
    partition.apply(state, target -> onRole(partition, target));
    // Found only now, so that whoever finds it comes behind its first role.
    partitions.put(key, partition);
  }

  private @Nullable ReplicatedPartition open(
      TopicPartitionId id, Key key, boolean isNew, int endedEpoch) {
    try {
      PartitionLog log = logs.getOrCreate(id, context.topicConfigs().logConfig(id.topic()), isNew);
      ReplicatedPartition partition = new ReplicatedPartition(log, context, endedEpoch);
      partition.attach(leadership);
      broken.remove(key);
      return partition;
    } catch (LogStorageException e) {
      if (!partitions.containsKey(key) && broken.add(key)) {
        LOG.error(
            "cannot open the log, partition is offline here partition={} reason={}",
            id,
            e.getMessage(),
            e.getCause());
      }
      return null;
    }
  }

  private void remove(PartitionChange change) {
    Key key = new Key(change.topicId(), change.partition());
    broken.remove(key);
    ReplicatedPartition partition = partitions.remove(key);
    if (partition == null) {
      return;
    }
    fetchers.unassign(partition.id());
    boolean topicGone = change.after() == null;
    partition
        .stop(topicGone ? "topic deleted" : "replica moved away")
        .thenCompose(ok -> logs.delete(partition.id()))
        .whenComplete(
            (ok, failure) -> {
              if (failure != null) {
                LOG.error("cannot delete the log partition={}", partition.id(), failure);
              }
            });
  }

  /** Called on the append loop; hands over, so that roles of a partition arrive in their order. */
  private void onRole(ReplicatedPartition partition, @Nullable FetchTarget target) {
    loop.execute(
        () -> {
          if (closed || partitions.get(keyOf(partition.id())) != partition) {
            return;
          }
          if (target == null) {
            fetchers.unassign(partition.id());
          } else {
            fetchers.assign(target, target.leaderId());
          }
        });
  }

  private static Key keyOf(TopicPartitionId id) {
    return new Key(id.topicId(), id.partition());
  }

  private void reconfigure(MetadataDelta delta) {
    for (ConfigResource resource : delta.configs()) {
      if (resource.type() == ConfigResource.Type.TOPIC) {
        for (ReplicatedPartition partition : partitions.values()) {
          if (partition.id().topic().equals(resource.name())) {
            partition.reconfigure();
          }
        }
      }
    }
  }
}
