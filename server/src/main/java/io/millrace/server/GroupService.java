package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.ImageListener;
import io.millrace.metadata.image.MetadataDelta;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionChange;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.replication.LeadershipListener;
import io.millrace.server.config.GroupsConfig;
import io.millrace.server.coordinator.CoordinatorRuntime;
import io.millrace.server.coordinator.group.GroupAdministration.Expiring;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.coordinator.group.GroupRecord;
import io.millrace.server.coordinator.group.GroupRecordCodec;
import io.millrace.server.coordinator.group.GroupShard;
import io.millrace.server.coordinator.storage.CoordinatorRoles;
import io.millrace.server.coordinator.storage.ReplicatedCoordinatorLog;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The group coordinator of one broker and what it runs on: its event loops, its logs, the news of
 * the cluster, the regular look for offsets whose time is over. Any thread.
 */
final class GroupService implements ImageListener {
  private static final Logger LOG = LoggerFactory.getLogger(GroupService.class);

  private final GroupsConfig config;
  private final Supplier<MetadataImage> image;
  private final PartitionEnds ends;
  private final EventLoop timers;
  private final CoordinatorRuntime<GroupShard, GroupRecord> runtime;
  private final GroupCoordinator coordinator;
  private final CoordinatorRoles roles;
  private final LongAdder lostMembers = new LongAdder();
  private volatile boolean stopped;

  /**
   * @param timers wakes the look for old offsets
   * @param maxMessageBytes of the internal topic, now
   * @param randomSeed for the ids of members
   */
  GroupService(
      GroupsConfig config,
      Supplier<MetadataImage> image,
      PartitionEnds ends,
      Loops loops,
      EventLoop timers,
      Clock clock,
      IntSupplier maxMessageBytes,
      long randomSeed) {
    this.config = config;
    this.image = image;
    this.ends = ends;
    this.timers = timers;
    List<EventLoop> shardLoops = new ArrayList<>();
    for (int i = 0; i < config.threads(); i++) {
      shardLoops.add(loops.start("coordinator-" + i));
    }
    this.runtime =
        new CoordinatorRuntime<>(
            new CoordinatorRuntime.Setup<>(
                GroupCoordinator.TOPIC,
                partition -> new GroupShard(config.rules(), randomSeed + partition, lostMembers),
                new GroupRecordCodec(),
                clock,
                image,
                partition -> shardLoops.get(partition % shardLoops.size())));
    this.coordinator = new GroupCoordinator(runtime, this::partitions);
    ReplicatedCoordinatorLog.Setup logs =
        new ReplicatedCoordinatorLog.Setup(
            loops.start("coordinator-reader"), clock, maxMessageBytes, config.loadChunkBytes());
    this.roles =
        new CoordinatorRoles(
            GroupCoordinator.TOPIC,
            runtime,
            (partition, leaderEpoch, epochStart) ->
                new ReplicatedCoordinatorLog(partition, leaderEpoch, epochStart, logs));
  }

  private int partitions() {
    TopicImage topic = image.get().topics().topic(GroupCoordinator.TOPIC);
    return topic == null ? 0 : topic.partitions().size();
  }

  GroupCoordinator coordinator() {
    return coordinator;
  }

  /** Members put out so far because their connections broke. */
  long lostMembers() {
    return lostMembers.sum();
  }

  /** Brings shards to life and lets them go, as this broker leads their partitions. */
  LeadershipListener roles() {
    return roles;
  }

  /** Begins to look for old offsets. */
  void start() {
    scheduleExpiry();
  }

  /** Ends every shard that is still here; who waits for one is sent to the next coordinator. */
  void stop() {
    stopped = true;
    runtime.stopAll("shutdown");
  }

  @Override
  public void onImage(MetadataDelta delta, MetadataImage image) {
    if (!delta.deletedTopics().isEmpty()) {
      Set<Uuid> deleted = new HashSet<>();
      delta.deletedTopics().forEach(topic -> deleted.add(topic.id()));
      coordinator.onTopicsDeleted(deleted);
    }
    Set<Uuid> grown = new HashSet<>();
    for (PartitionChange change : delta.partitions()) {
      TopicImage before = delta.before().topics().topic(change.topicId());
      TopicImage now = image.topics().topic(change.topicId());
      if (before != null && now != null && now.partitions().size() > before.partitions().size()) {
        grown.add(now.id());
      }
    }
    if (!grown.isEmpty()) {
      coordinator.onPartitionsAdded(grown);
    }
  }

  // ---- old offsets

  private void scheduleExpiry() {
    try {
      timers.schedule(this::expire, TimeUnit.MILLISECONDS.toNanos(config.expiryIntervalMs()));
    } catch (RejectedExecutionException stopping) {
      LOG.debug("no more looks for old offsets");
    }
  }

  private void expire() {
    if (stopped) {
      return;
    }
    coordinator
        .expireOffsets(this::endsOf)
        .whenComplete(
            (gone, failure) -> {
              if (failure != null) {
                LOG.warn("old offsets were not looked for: {}", failure.toString());
              } else if (gone > 0) {
                LOG.info("offsets expired, offsets={}", gone);
              }
              scheduleExpiry();
            });
  }

  private CompletableFuture<Map<Expiring, Long>> endsOf(Collection<Expiring> due) {
    Map<Expiring, PartitionEnds.Asked> asked = new HashMap<>();
    for (Expiring one : due) {
      TopicImage topic =
          one.topicId().equals(Uuid.ZERO) ? null : image.get().topics().topic(one.topicId());
      if (topic != null) {
        asked.put(one, new PartitionEnds.Asked(topic.name(), one.partition()));
      }
    }
    return ends.of(asked.values())
        .thenApply(
            known -> {
              Map<Expiring, Long> found = new HashMap<>();
              asked.forEach(
                  (one, partition) -> {
                    Long end = known.get(partition);
                    if (end != null) {
                      found.put(one, end);
                    }
                  });
              return found;
            });
  }
}
