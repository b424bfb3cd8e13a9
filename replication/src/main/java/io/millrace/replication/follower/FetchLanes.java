package io.millrace.replication.follower;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.TopicPartitionId;
import io.millrace.replication.follower.FetchLane.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The partitions of a fetcher, in the order in which they are asked for: one that brought data goes
 * to the end, so that none starves. Counts how many can be asked for and how many are at work, so
 * that nobody need walk them to know.
 */
@ConfinedTo("the fetcher's loop")
final class FetchLanes {

  private final LinkedHashMap<TopicPartitionId, FetchLane> lanes = new LinkedHashMap<>();
  private int ready;
  private int busy;

  /** Takes a partition in, in place of an earlier target of it. */
  void add(FetchLane lane) {
    leave(lanes.put(lane.target.id(), lane));
    lane.isHere = true;
    count(lane.state, 1);
  }

  /** Lets a partition go, if it still is this target's. */
  void remove(FetchTarget target) {
    FetchLane lane = lanes.get(target.id());
    if (lane != null && lane.target == target) {
      lanes.remove(target.id());
      leave(lane);
    }
  }

  void clear() {
    lanes.values().forEach(this::leave);
    lanes.clear();
  }

  private void leave(@Nullable FetchLane lane) {
    if (lane != null) {
      lane.isHere = false;
      count(lane.state, -1);
    }
  }

  private void count(State state, int change) {
    if (state == State.READY) {
      ready += change;
    } else if (state == State.BUSY) {
      busy += change;
    }
  }

  /** A lane that left may still change its state; nobody heeds it. */
  void become(FetchLane lane, State next) {
    if (lane.isHere) {
      count(lane.state, -1);
      count(next, 1);
    }
    lane.state = next;
  }

  /** The others are asked for before it from now on. */
  void moveToTheEnd(FetchLane lane) {
    lanes.remove(lane.target.id());
    lanes.put(lane.target.id(), lane);
  }

  boolean anyReady() {
    return ready > 0;
  }

  boolean anyBusy() {
    return busy > 0;
  }

  /** All that can be asked for, asked for from now on. */
  List<FetchLane> askReady() {
    List<FetchLane> asked = new ArrayList<>(ready);
    for (FetchLane lane : lanes.values()) {
      if (lane.state == State.READY) {
        become(lane, State.ASKED);
        asked.add(lane);
      }
    }
    return asked;
  }
}
