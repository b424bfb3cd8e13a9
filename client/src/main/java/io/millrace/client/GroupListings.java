package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * The groups of a cluster. Each broker lists those that it coordinates.
 *
 * @param groups by id
 * @param unanswered brokers that did not answer, and why: their groups are missing
 */
public record GroupListings(
    List<GroupListing> groups, Map<BrokerInfo, MillraceException> unanswered) {

  public GroupListings {
    groups = List.copyOf(groups);
    unanswered = Map.copyOf(unanswered);
  }

  /** Whether every broker answered. */
  public boolean isComplete() {
    return unanswered.isEmpty();
  }
}
