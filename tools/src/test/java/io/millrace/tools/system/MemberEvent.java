package io.millrace.tools.system;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/**
 * Something that a group member saw or did, at a time of the machine's monotonic clock, which on
 * Linux all processes share. Written as one line, so that members in other processes can tell it.
 *
 * @param began when it was begun; differs from {@code at} only for commits
 * @param offsets for {@code READ} the first offset of a run without gaps, for commits the offset
 *     committed, else 0
 * @param ends for {@code READ} the offset after the run, else 0
 */
record MemberEvent(
    Kind kind,
    String member,
    long began,
    long at,
    int generation,
    Map<TopicPartition, Long> offsets,
    Map<TopicPartition, Long> ends,
    String detail) {

  enum Kind {
    ASSIGNED,
    REVOKED,
    LOST,
    READ,
    COMMITTED,
    REFUSED,
    FAILED,
    CLOSED
  }

  /** Marks the lines of events among whatever else a process prints. */
  static final String PREFIX = "event|";

  String line() {
    return PREFIX
        + String.join(
            "|",
            kind.name(),
            member,
            Long.toString(began),
            Long.toString(at),
            Integer.toString(generation),
            write(offsets),
            write(ends),
            detail.replace('|', '/').replace('\n', ' '));
  }

  static MemberEvent parse(String line) {
    String[] parts = line.substring(PREFIX.length()).split("\\|", -1);
    return new MemberEvent(
        Kind.valueOf(parts[0]),
        parts[1],
        Long.parseLong(parts[2]),
        Long.parseLong(parts[3]),
        Integer.parseInt(parts[4]),
        read(parts[5]),
        read(parts[6]),
        parts[7]);
  }

  List<TopicPartition> partitions() {
    return new ArrayList<>(offsets.keySet());
  }

  private static String write(Map<TopicPartition, Long> map) {
    return map.entrySet().stream()
        .map(e -> e.getKey().topic() + ":" + e.getKey().partition() + ":" + e.getValue())
        .collect(Collectors.joining(","));
  }

  private static Map<TopicPartition, Long> read(String text) {
    Map<TopicPartition, Long> map =
        new TreeMap<>(
            java.util.Comparator.comparing(TopicPartition::topic)
                .thenComparing(TopicPartition::partition));
    for (String entry : text.split(",")) {
      if (!entry.isEmpty()) {
        String[] parts = entry.split(":");
        map.put(new TopicPartition(parts[0], Integer.parseInt(parts[1])), Long.parseLong(parts[2]));
      }
    }
    return map;
  }
}
