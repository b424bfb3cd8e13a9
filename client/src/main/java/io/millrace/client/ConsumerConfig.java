package io.millrace.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer needs to know; the names in properties are Kafka's. Immutable.
 *
 * @param offsetReset {@code auto.offset.reset}
 * @param isolation {@code isolation.level}
 * @param fetchMinBytes {@code fetch.min.bytes}: a broker waits until it has so much
 * @param fetchMaxWait {@code fetch.max.wait.ms}: but no longer than this
 * @param fetchMaxBytes {@code fetch.max.bytes}: the most in one answer; a larger single batch still
 *     comes
 * @param maxPartitionFetchBytes {@code max.partition.fetch.bytes}: the most of one partition in one
 *     answer
 * @param maxPollRecords {@code max.poll.records}
 * @param fetchBufferMemory {@code fetch.buffer.memory} (ours): bytes fetched ahead of the
 *     application; fetching stops at it and may pass it by one answer per broker
 * @param checkCrcs {@code check.crcs}
 * @param clientRack {@code client.rack}: read from a replica near by where brokers allow it; empty
 *     means the leader
 * @param group membership and commits; null for a consumer without a group
 */
public record ConsumerConfig(
    ClientConfig client,
    OffsetReset offsetReset,
    IsolationLevel isolation,
    int fetchMinBytes,
    Duration fetchMaxWait,
    int fetchMaxBytes,
    int maxPartitionFetchBytes,
    int maxPollRecords,
    long fetchBufferMemory,
    boolean checkCrcs,
    String clientRack,
    @Nullable GroupConfig group) {

  public ConsumerConfig {
    Checks.range("fetch.min.bytes", fetchMinBytes, 0, Integer.MAX_VALUE);
    Checks.notNegative("fetch.max.wait.ms", fetchMaxWait);
    Checks.range("fetch.max.bytes", fetchMaxBytes, 1024, Integer.MAX_VALUE);
    Checks.range("max.partition.fetch.bytes", maxPartitionFetchBytes, 0, Integer.MAX_VALUE);
    Checks.range("max.poll.records", maxPollRecords, 1, Integer.MAX_VALUE);
    Checks.range("fetch.buffer.memory", fetchBufferMemory, 1024, Long.MAX_VALUE / 2);
    Checks.ordered(
        "fetch.max.wait.ms", fetchMaxWait, "request.timeout.ms", client.requestTimeout());
  }
}
