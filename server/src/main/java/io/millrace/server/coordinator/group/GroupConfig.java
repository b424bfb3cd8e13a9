package io.millrace.server.coordinator.group;

import java.util.List;

/**
 * The settings of group coordination, named as Kafka's keys are.
 *
 * @param maxSize {@code group.max.size}; beyond it members are refused
 * @param initialRebalanceDelayMs {@code group.initial.rebalance.delay.ms}; 0 forms the first
 *     generation at once
 * @param keepUnreadOffsets whether an offset is kept beyond the retention time while there is data
 *     after it; Kafka lets it go
 * @param consumerAssignors {@code group.consumer.assignors}: names, the default first
 * @param maxRecordBytes the most that one group's state may take as a record
 * @param migrationPolicy {@code group.consumer.migration.policy}
 * @param startAddedPartitions {@code group.start.added.partitions}, unless the topic has its own:
 *     whether groups read partitions that are added to their topics from the beginning
 * @param holdHeartbeats {@code group.hold.heartbeats}: whether a rebalance of a classic group
 *     reaches its members by heartbeats whose answers were kept back, and waits until it reaches
 *     all
 * @param removeLostMembers {@code group.remove.lost.members}: whether a member whose connection
 *     broke is put out before its session ends; Kafka waits
 */
public record GroupConfig(
    int minSessionTimeoutMs,
    int maxSessionTimeoutMs,
    int maxSize,
    int initialRebalanceDelayMs,
    int newMemberJoinTimeoutMs,
    int offsetMetadataMaxBytes,
    long offsetsRetentionMs,
    boolean keepUnreadOffsets,
    int consumerSessionTimeoutMs,
    int consumerHeartbeatIntervalMs,
    int consumerMaxSize,
    List<String> consumerAssignors,
    int maxRecordBytes,
    MigrationPolicy migrationPolicy,
    boolean startAddedPartitions,
    boolean holdHeartbeats,
    boolean removeLostMembers) {

  public static final GroupConfig DEFAULT =
      new GroupConfig(
          6_000,
          1_800_000,
          Integer.MAX_VALUE,
          0,
          300_000,
          4_096,
          7L * 24 * 3_600_000,
          true,
          45_000,
          5_000,
          Integer.MAX_VALUE,
          List.of("uniform", "range"),
          900_000,
          MigrationPolicy.BIDIRECTIONAL,
          true,
          true,
          true);

  public GroupConfig {
    consumerAssignors = List.copyOf(consumerAssignors);
    if (minSessionTimeoutMs > maxSessionTimeoutMs || consumerAssignors.isEmpty()) {
      throw new IllegalArgumentException(
          "group.min.session.timeout.ms="
              + minSessionTimeoutMs
              + " group.max.session.timeout.ms="
              + maxSessionTimeoutMs
              + " group.consumer.assignors="
              + consumerAssignors);
    }
  }
}
