package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * The groups of a cluster. Each broker lists those that it coordinates.
 *
 * @param groups by id
 * @param unanswered brokers that did not answer, and why: their groups are missing
 * @param leaderless partitions of the topic in which groups are kept that no broker leads now:
 *     their groups have no coordinator, and are missing too
 */
public record GroupListings(
    List<GroupListing> groups,
    Map<BrokerInfo, MillraceException> unanswered,
    List<Integer> leaderless) {

  public GroupListings {
    groups = List.copyOf(groups);
    unanswered = Map.copyOf(unanswered);
    leaderless = List.copyOf(leaderless);
  }

  /** Whether every coordinator was asked and has answered. */
  public boolean isComplete() {
    return unanswered.isEmpty() && leaderless.isEmpty();
  }
}
