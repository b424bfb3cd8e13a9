package io.millrace.server.handler;

import io.millrace.protocol.ApiKey;
import io.millrace.server.coordinator.group.HeartbeatRelease;
import java.util.Map;

/**
 * How long a client may be left without an answer to a heartbeat of the classic protocol, by what
 * it calls itself in ApiVersions (KIP-511). For those of which it is known that they do nothing
 * else meanwhile, or rather everything else: they send heartbeats beside their work, wait for the
 * answer with nothing but the next heartbeat, and give up on it only after seconds. Others are
 * answered at once: kafkajs waits for the answer in the middle of processing, kafka-python with a
 * lock held, and of the rest nothing is known.
 */
final class HeartbeatPatience {
  /**
   * kafka-clients sends the next heartbeat after {@code heartbeat.interval.ms} (3 s), whether the
   * last is answered or not. Longer than that, so that one is always here.
   */
  private static final int JAVA_MILLIS = 3_500;

  /**
   * librdkafka has one heartbeat under way, and passes over the next one's time while it waits.
   * Therefore shorter than its interval, which is 3 s too.
   */
  private static final int LIBRDKAFKA_MILLIS = 2_900;

  private static final Map<String, Integer> KNOWN =
      Map.of(
          "apache-kafka-java", JAVA_MILLIS,
          "librdkafka", LIBRDKAFKA_MILLIS,
          "confluent-kafka-python", LIBRDKAFKA_MILLIS,
          "confluent-kafka-go", LIBRDKAFKA_MILLIS,
          "confluent-kafka-dotnet", LIBRDKAFKA_MILLIS);

  /**
   * kafka-clients that is told anything but good or bad news forgets about it, and sends the next
   * heartbeat after {@code retry.backoff.ms} (100 ms): it is away for a moment, not an interval.
   */
  private static final String ASKS_AGAIN = "apache-kafka-java";

  private HeartbeatPatience() {}

  /** 0 for a client that is to be answered at once. */
  static int millisOf(String software) {
    return KNOWN.getOrDefault(software, 0);
  }

  /** How the answer goes when the client asks for something else. */
  static HeartbeatRelease release(String software, ApiKey asked) {
    return switch (asked) {
      case HEARTBEAT -> HeartbeatRelease.HEARTBEAT_FOLLOWS;
      case OFFSET_COMMIT, OFFSET_FETCH ->
          ASKS_AGAIN.equals(software) ? HeartbeatRelease.ASK_AGAIN : HeartbeatRelease.FOR_NOW;
      default -> HeartbeatRelease.FOR_NOW;
    };
  }
}
