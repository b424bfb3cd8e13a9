package io.millrace.server.handler;

import io.millrace.concurrent.Clock;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.server.config.GroupsConfig;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.config.TopicConfigs;
import io.millrace.server.coordinator.group.GroupCoordinator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code __consumer_offsets} is to be like when it is created.
 *
 * <p>It is created when the first group asks, which may be while a cluster starts and one broker is
 * there of three. Its copies are fixed from then on, so it waits for the brokers that are known to
 * exist: those that have registered, and the voters, where voters are brokers too. After a moment
 * it goes on with those that are there.
 *
 * <p>Any thread.
 */
final class OffsetsTopic {
  private static final Logger LOG = LoggerFactory.getLogger(OffsetsTopic.class);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final GroupsConfig config;
  private final int votersThatAreBrokers;
  private final Clock clock;
  private @Nullable Long firstAskedNanos;

  OffsetsTopic(NodeConfig config, Clock clock) {
    this.config = config.groups();
    this.votersThatAreBrokers =
        config.quorum().controller() && config.quorum().broker()
            ? config.quorum().voters().size()
            : 0;
    this.clock = clock;
  }

  /** The topic to create, or null when more brokers should be waited for. */
  synchronized @Nullable NewTopic next(MetadataImage image) {
    int active = ReplicationFactors.placeable(image);
    int wanted = config.topicReplicationFactor();
    if (!config.topicReplicationFactorGiven() && active < wanted) {
      int known = Math.max(votersThatAreBrokers, image.cluster().brokers().size());
      if (active < Math.min(known, wanted) && !isPatienceOver()) {
        return null;
      }
      LOG.info(
          "the topic of groups gets fewer copies than wanted topic={} copies={} wanted={}: a broker"
              + " that comes later gets none",
          GroupCoordinator.TOPIC,
          active,
          wanted);
      wanted = Math.max(1, active);
    }
    return new NewTopic(
        GroupCoordinator.TOPIC, config.topicPartitions(), wanted, Map.of(), topicConfigs());
  }

  private boolean isPatienceOver() {
    long now = clock.monotonicNanos();
    if (firstAskedNanos == null) {
      firstAskedNanos = now;
    }
    return now - firstAskedNanos >= PATIENCE_NANOS;
  }

  /** Set on the topic itself, so that defaults of the node for others do not count here. */
  private Map<String, String> topicConfigs() {
    return Map.of(
        TopicConfigs.CLEANUP_POLICY.name(),
        "compact",
        TopicConfigs.SEGMENT_BYTES.name(),
        Integer.toString(config.topicSegmentBytes()),
        TopicConfigs.MAX_MESSAGE_BYTES.name(),
        TopicConfigs.MAX_MESSAGE_BYTES.defaultText(),
        TopicConfigs.TIMESTAMP_TYPE.name(),
        "CreateTime");
  }
}
