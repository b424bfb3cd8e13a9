package io.millrace.server.handler;

import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.coordinator.group.GroupCoordinator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Topics that brokers keep their own state in. Clients read them, and leave them as they are: a
 * record that no broker wrote, other partitions or another topic under the same name would cost
 * every group its offsets. Constants; any thread.
 */
final class InternalTopics {
  /** Kafka's three. The second and third are not in use yet, and nobody else's either. */
  private static final Set<String> NAMES =
      Set.of(GroupCoordinator.TOPIC, "__transaction_state", "__share_group_state");

  private InternalTopics() {}

  static boolean isInternal(@Nullable String topic) {
    return topic != null && NAMES.contains(topic);
  }

  /** What a client hears that wants to do this to an internal topic. */
  static Result refusal(@Nullable String topic, String what) {
    return Result.of(
        ErrorCode.INVALID_TOPIC_EXCEPTION,
        topic + " is the brokers' own: clients cannot " + what + " it");
  }
}
