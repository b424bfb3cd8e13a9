package io.millrace.server.config;

import java.util.List;

/**
 * How this node copies partitions from their leaders, and whom it counts as in sync where it leads.
 */
public record ReplicationConfig(
    long lagTimeMaxMs,
    int fetchMaxBytes,
    int fetchMinBytes,
    int fetchWaitMaxMs,
    int fetchResponseMaxBytes,
    int fetchBackoffMs,
    int requestTimeoutMs,
    boolean autoLeaderRebalance,
    int leaderImbalanceCheckSeconds,
    boolean controlledShutdown) {

  static final ConfigKey<Long> LAG_TIME =
      ConfigKey.bigInteger(
          "replica.lag.time.max.ms",
          10_000,
          100,
          Long.MAX_VALUE,
          "A follower that has not caught up for so long leaves the in-sync replicas.");
  static final ConfigKey<Integer> FETCH_MAX =
      ConfigKey.integer(
          "replica.fetch.max.bytes",
          4 * 1024 * 1024,
          1024,
          Integer.MAX_VALUE,
          "Bytes a follower asks for per partition.");
  static final ConfigKey<Integer> FETCH_MIN =
      ConfigKey.integer(
          "replica.fetch.min.bytes",
          1,
          0,
          Integer.MAX_VALUE,
          "Bytes a leader waits for before it answers a follower.");
  static final ConfigKey<Integer> FETCH_WAIT =
      ConfigKey.integer(
          "replica.fetch.wait.max.ms",
          500,
          1,
          60_000,
          "Longest time a leader keeps a follower's fetch waiting.");
  static final ConfigKey<Integer> FETCH_RESPONSE_MAX =
      ConfigKey.integer(
          "replica.fetch.response.max.bytes",
          16 * 1024 * 1024,
          1024,
          Integer.MAX_VALUE,
          "Bytes a follower asks for in one fetch.");
  static final ConfigKey<Integer> FETCH_BACKOFF =
      ConfigKey.integer(
          "replica.fetch.backoff.ms",
          100,
          1,
          600_000,
          "Pause of a follower after a fetch that failed.");
  static final ConfigKey<Integer> REQUEST_TIMEOUT =
      ConfigKey.integer(
          "replica.socket.timeout.ms",
          30_000,
          500,
          600_000,
          "A fetch without an answer for so long is given up.");
  static final ConfigKey<Boolean> AUTO_REBALANCE =
      ConfigKey.bool(
          "auto.leader.rebalance.enable",
          true,
          "Gives leadership back to the preferred replica when it is in sync again.");
  static final ConfigKey<Integer> REBALANCE_CHECK =
      ConfigKey.integer(
          "leader.imbalance.check.interval.seconds",
          300,
          1,
          Integer.MAX_VALUE,
          "Time between two looks for partitions that the preferred replica should lead.");
  static final ConfigKey<Boolean> CONTROLLED_SHUTDOWN =
      ConfigKey.bool(
          "controlled.shutdown.enable", true, "Hands leadership over before the node stops.");

  static List<ConfigKey<?>> keys() {
    return List.of(
        LAG_TIME,
        FETCH_MAX,
        FETCH_MIN,
        FETCH_WAIT,
        FETCH_RESPONSE_MAX,
        FETCH_BACKOFF,
        REQUEST_TIMEOUT,
        AUTO_REBALANCE,
        REBALANCE_CHECK,
        CONTROLLED_SHUTDOWN);
  }

  static ReplicationConfig from(ConfigValues values) {
    if (values.get(FETCH_WAIT) > values.get(LAG_TIME)) {
      throw ConfigValues.bad(
          FETCH_WAIT,
          values.get(FETCH_WAIT).toString(),
          "at most replica.lag.time.max.ms=" + values.get(LAG_TIME));
    }
    return new ReplicationConfig(
        values.get(LAG_TIME),
        values.get(FETCH_MAX),
        values.get(FETCH_MIN),
        values.get(FETCH_WAIT),
        values.get(FETCH_RESPONSE_MAX),
        values.get(FETCH_BACKOFF),
        values.get(REQUEST_TIMEOUT),
        values.get(AUTO_REBALANCE),
        values.get(REBALANCE_CHECK),
        values.get(CONTROLLED_SHUTDOWN));
  }
}
