package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse.ListedGroup;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.metrics.ServerMetrics;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows what an operator asks of the group coordinator. Groups are counted when somebody looks, not
 * all the time, and at most once a second however many numbers are read. The reader's thread waits.
 */
final class GroupCensus {
  private static final Logger LOG = LoggerFactory.getLogger(GroupCensus.class);
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long WAIT_MILLIS = 500;

  /** The states of both protocols, as ListGroups names them. */
  private static final List<String> STATES =
      List.of(
          "Empty",
          "PreparingRebalance",
          "CompletingRebalance",
          "Assigning",
          "Reconciling",
          "Stable",
          "Dead");

  private final GroupCoordinator groups;
  private final Clock clock;
  private Map<String, Long> byState = Map.of();
  private long takenNanos;
  private boolean taken;

  private GroupCensus(GroupCoordinator groups, Clock clock) {
    this.groups = groups;
    this.clock = clock;
  }

  static void publish(GroupService service, Clock clock, ServerMetrics metrics) {
    GroupCoordinator groups = service.coordinator();
    GroupCensus census = new GroupCensus(groups, clock);
    for (String state : STATES) {
      metrics.gauge(
          "groups-" + state.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT),
          () -> census.count(state));
    }
    metrics.gauge("group-shards-active", groups::activeShards);
    metrics.gauge("group-shards-loading", groups::loadingShards);
    metrics.gauge("group-members-lost", service::lostMembers);
    metrics.gauge("group-offsets-committed", groups::committedOffsets);
    metrics.gauge("group-batches-committed", () -> groups.stats().batches());
    metrics.gauge("group-records-committed", () -> groups.stats().records());
    metrics.gauge("group-commits-stuck", () -> groups.stats().stuckCommits());
    metrics.gauge("group-loads", () -> groups.stats().loads());
    metrics.gauge("group-load-ms-total", () -> groups.stats().loadMillis());
    metrics.gauge("group-load-ms-max", () -> groups.stats().longestLoadMillis());
  }

  private synchronized long count(String state) {
    long now = clock.monotonicNanos();
    if (!taken || now - takenNanos >= FRESH_NANOS) {
      byState = take();
      takenNanos = now;
      taken = true;
    }
    return byState.getOrDefault(state, 0L);
  }

  private Map<String, Long> take() {
    Map<String, Long> counts = new HashMap<>();
    try {
      for (ListedGroup group :
          groups
              .listGroups(ListGroupsRequest.builder().build())
              .get(WAIT_MILLIS, TimeUnit.MILLISECONDS)
              .groups()) {
        counts.merge(group.groupState(), 1L, Long::sum);
      }
      return counts;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("groups could not be counted", e);
    }
    return byState;
  }
}
