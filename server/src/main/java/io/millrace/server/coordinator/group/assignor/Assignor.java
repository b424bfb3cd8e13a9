package io.millrace.server.coordinator.group.assignor;

import io.millrace.server.coordinator.group.assignor.GroupSpec.Partition;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;

/**
 * A way to share out partitions. Every partition of a topic that somebody subscribes to goes to
 * exactly one of the subscribers.
 */
public interface Assignor {

  /** All there are. */
  List<Assignor> ALL = List.of(new UniformAssignor(), new RangeAssignor());

  /** The name by which members ask for it. */
  String name();

  /** For each member what it shall own; the same for the same group, whatever the order. */
  Map<String, SortedSet<Partition>> assign(GroupSpec group);
}
