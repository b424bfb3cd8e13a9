package io.millrace.tools;

import io.millrace.client.MillraceException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Says in words of an operator why a group's coordinator refused. */
final class GroupFailures {

  private GroupFailures() {}

  /**
   * Waits; null when it was done.
   *
   * @throws CommandFailure when no broker answers
   */
  static @Nullable String of(ClusterOptions cluster, CompletableFuture<Void> answer) {
    try {
      // Void has no value, and so the wait needs one.
      cluster.await(answer.thenApply(done -> true));
      return null;
    } catch (MillraceException e) {
      return text(e);
    }
  }

  static String text(MillraceException failure) {
    return switch (failure.error()) {
      case UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, NON_EMPTY_GROUP ->
          "the group has members; stop them first";
      case GROUP_SUBSCRIBED_TO_TOPIC -> "a member subscribes to the topic; stop it first";
      case GROUP_ID_NOT_FOUND -> "there is no such group";
      case UNKNOWN_TOPIC_OR_PARTITION -> "there is no such topic or partition";
      default -> String.valueOf(failure.getMessage());
    };
  }
}
