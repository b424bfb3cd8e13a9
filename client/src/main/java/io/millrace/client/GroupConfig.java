package io.millrace.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer in a group needs to know; the names in properties are Kafka's. Immutable.
 *
 * @param groupId {@code group.id}: members with the same one share the partitions
 * @param instanceId {@code group.instance.id}: a name that the member keeps over restarts. Its
 *     partitions wait for it until the session is over; null for none
 * @param assignor {@code group.remote.assignor}: which of the broker's assignors is to be used;
 *     null leaves it to the broker
 * @param rebalanceTimeout {@code rebalance.timeout.ms} (ours; by default {@code
 *     max.poll.interval.ms}): how long the group waits for this member to give partitions up
 * @param maxPollInterval {@code max.poll.interval.ms}: an application that keeps the consumer
 *     waiting for longer leaves the group until it comes back
 * @param autoCommit {@code enable.auto.commit}
 * @param autoCommitInterval {@code auto.commit.interval.ms}
 */
public record GroupConfig(
    String groupId,
    @Nullable String instanceId,
    @Nullable String assignor,
    Duration rebalanceTimeout,
    Duration maxPollInterval,
    boolean autoCommit,
    Duration autoCommitInterval) {

  public GroupConfig {
    if (groupId.isEmpty()) {
      throw new IllegalArgumentException("group.id is empty");
    }
    if (instanceId != null && instanceId.isEmpty()) {
      throw new IllegalArgumentException("group.instance.id is empty");
    }
    Checks.positive("max.poll.interval.ms", maxPollInterval);
    Checks.positive("rebalance.timeout.ms", rebalanceTimeout);
    Checks.positive("auto.commit.interval.ms", autoCommitInterval);
    Checks.ordered(
        "rebalance.timeout.ms", rebalanceTimeout, "2^31 ms", Duration.ofMillis(Integer.MAX_VALUE));
  }
}
