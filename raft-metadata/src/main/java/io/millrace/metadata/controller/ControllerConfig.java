package io.millrace.metadata.controller;

import java.time.Duration;

/**
 * The controller's settings.
 *
 * @param sessionTimeout silence after which a broker is fenced
 * @param connectionGrace how long a broker whose connection broke may take to come back before it
 *     is fenced
 * @param takeoverGrace how long a new controller waits for a sign of life of each broker that was
 *     let in under the one before
 * @param rebalanceInterval how often leadership goes back to preferred replicas, beside the time
 *     after a broker came back; zero for never
 * @param defaultPartitions for topics that do not say
 * @param defaultReplicationFactor for topics that do not say
 * @param maxPartitionsPerTopic at more, INVALID_PARTITIONS
 * @param maxPartitionsPerRequest at more, the topics that go over it get POLICY_VIOLATION
 * @param maxPendingOperations at more, requests are turned away for the client to retry
 */
public record ControllerConfig(
    Duration sessionTimeout,
    Duration connectionGrace,
    Duration takeoverGrace,
    Duration rebalanceInterval,
    int defaultPartitions,
    int defaultReplicationFactor,
    int maxPartitionsPerTopic,
    int maxPartitionsPerRequest,
    int maxPendingOperations) {

  /**
   * Six seconds of silence, half a second without a connection, one second under a new controller;
   * one partition, one replica.
   */
  public static final ControllerConfig DEFAULTS =
      new ControllerConfig(
          Duration.ofSeconds(6),
          Duration.ofMillis(500),
          Duration.ofSeconds(1),
          Duration.ofSeconds(300),
          1,
          1,
          10_000,
          10_000,
          10_000);

  public ControllerConfig {
    if (defaultPartitions < 1 || defaultReplicationFactor < 1) {
      throw new IllegalArgumentException(
          "defaults must be positive: partitions="
              + defaultPartitions
              + " replicationFactor="
              + defaultReplicationFactor);
    }
    if (maxPartitionsPerTopic > 1_000_000) {
      throw new IllegalArgumentException(
          "keys have six digits for a partition, not enough for " + maxPartitionsPerTopic);
    }
  }

  public ControllerConfig withDefaults(int partitions, int replicationFactor) {
    return new ControllerConfig(
        sessionTimeout,
        connectionGrace,
        takeoverGrace,
        rebalanceInterval,
        partitions,
        replicationFactor,
        maxPartitionsPerTopic,
        maxPartitionsPerRequest,
        maxPendingOperations);
  }
}
