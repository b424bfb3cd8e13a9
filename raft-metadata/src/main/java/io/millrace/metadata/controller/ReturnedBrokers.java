package io.millrace.metadata.controller;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.ClusterImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The brokers that came back a moment ago and may lead again what they are preferred for. Each is
 * looked at when it has taken part for a while, for a process that has just started is slow and may
 * die again; and is given leadership in this way at most once in the interval after which
 * leadership goes back anyway, so that one that comes and goes costs its partitions no more leader
 * changes than twice those of that rule. A new controller knows nobody: all have just come back.
 */
@ConfinedTo("the controller loop")
final class ReturnedBrokers {

  private static final long LOOK_AGAIN_NANOS = 1_000_000_000L;

  private final long settleNanos;
  private final long intervalNanos;
  private final Map<Integer, Long> epochs = new HashMap<>();
  private final Map<Integer, Long> lookAtNanos = new TreeMap<>();
  private final Map<Integer, Long> givenAtNanos = new HashMap<>();

  ReturnedBrokers(long settleNanos, long intervalNanos) {
    this.settleNanos = settleNanos;
    this.intervalNanos = intervalNanos;
  }

  void clear() {
    epochs.clear();
    lookAtNanos.clear();
    givenAtNanos.clear();
  }

  /** Takes note of who takes part, and in which life. */
  void observe(ClusterImage cluster, long now) {
    epochs.keySet().removeIf(id -> !cluster.isActive(id));
    lookAtNanos.keySet().retainAll(epochs.keySet());
    for (BrokerImage broker : cluster.brokers().values()) {
      Long epoch = broker.epoch();
      if (broker.isActive() && !epoch.equals(epochs.put(broker.id(), epoch))) {
        Long given = givenAtNanos.get(broker.id());
        long rest = given == null ? 0 : given + intervalNanos - now;
        lookAtNanos.put(broker.id(), now + Math.max(settleNanos, rest));
      }
    }
  }

  /** Who is to be looked at now; again in a second, unless {@link #ended}. */
  List<Integer> due(long now) {
    List<Integer> due = new ArrayList<>();
    lookAtNanos.replaceAll(
        (id, lookAt) -> {
          if (lookAt - now > 0) {
            return lookAt;
          }
          due.add(id);
          return now + LOOK_AGAIN_NANOS;
        });
    return due;
  }

  /**
   * These brokers lead what they are preferred for.
   *
   * @param moved whether that took leader changes
   */
  void ended(Collection<Integer> brokers, boolean moved, long now) {
    for (int id : brokers) {
      lookAtNanos.remove(id);
      if (moved) {
        givenAtNanos.put(id, now);
      }
    }
  }
}
