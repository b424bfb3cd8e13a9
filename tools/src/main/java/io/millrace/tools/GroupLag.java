package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMember;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicPartition;
import io.millrace.protocol.ErrorCode;
import io.millrace.tools.groups.PartitionOffsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads how far groups are behind. Partitions whose leader does not answer soon, and topics that
 * are gone, have no ends: they must not hide the rest.
 */
final class GroupLag {

  private static final long WAIT_MS = 3_000;
  private static final Optional<Integer> NOTHING = Optional.empty();

  private final Admin admin;
  private final ClusterOptions cluster;
  private final LongSupplier nowMillis;

  GroupLag(Admin admin, ClusterOptions cluster, LongSupplier nowMillis) {
    this.admin = admin;
    this.cluster = cluster;
    this.nowMillis = nowMillis;
  }

  /**
   * A partition of a group.
   *
   * @param committed null when nothing is committed
   * @param offsets null when the log's ends are not known
   * @param lagMillis age of the first unread record, 0 when all is read; null when not known
   * @param member who reads it now, if anybody
   */
  record Row(
      TopicPartition partition,
      @Nullable OffsetAndMetadata committed,
      @Nullable PartitionOffsets offsets,
      @Nullable Long lagMillis,
      @Nullable GroupMember member) {

    @Nullable Long lag() {
      return offsets == null ? null : offsets.lag();
    }
  }

  /**
   * The partitions that groups have committed to, or read now.
   *
   * @param missingTopics committed to, but not there
   */
  record Report(Map<String, List<Row>> rows, Set<String> missingTopics) {}

  /** Reads all groups with one question of each kind, and one more for each group's times. */
  Report read(
      Collection<GroupDescription> groups,
      Map<String, Map<TopicPartition, OffsetAndMetadata>> committed) {
    Set<TopicPartition> all = new TreeSet<>();
    groups.forEach(
        group -> {
          all.addAll(committed.getOrDefault(group.groupId(), Map.of()).keySet());
          group.members().forEach(member -> all.addAll(member.assignment()));
        });
    Set<String> missing = new TreeSet<>();
    Map<TopicPartition, PartitionOffsets> ends = ends(existing(all, missing));
    List<Reading> readings = new ArrayList<>();
    for (GroupDescription group : groups) {
      readings.add(reading(group, committed.getOrDefault(group.groupId(), Map.of()), ends));
    }
    Map<String, List<Row>> rows = new HashMap<>();
    for (Reading reading : readings) {
      rows.put(reading.group, rows(reading));
    }
    return new Report(rows, missing);
  }

  /** Without those whose topic, or they themselves, do not exist: nobody would answer for them. */
  List<TopicPartition> existing(Collection<TopicPartition> partitions, Set<String> missing) {
    Set<String> topics = new TreeSet<>();
    partitions.forEach(partition -> topics.add(partition.topic()));
    if (topics.isEmpty()) {
      return List.of();
    }
    Map<String, Integer> counts = new HashMap<>();
    Map<String, CompletableFuture<TopicDescription>> described = admin.describeTopics(topics);
    described.forEach(
        (topic, answer) ->
            soon(answer
                    .thenApply(found -> Optional.of(found.partitions().size()))
                    .exceptionally(failure -> isUnknown(failure) ? Optional.of(0) : NOTHING))
                .ifPresent(count -> counts.put(topic, count)));
    counts.forEach(
        (topic, count) -> {
          if (count == 0) {
            missing.add(topic);
          }
        });
    return partitions.stream()
        .filter(partition -> partition.partition() < counts.getOrDefault(partition.topic(), 0))
        .toList();
  }

  /** First and next offsets of partitions, those that answer; nothing is committed in them. */
  Map<TopicPartition, PartitionOffsets> ends(Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetSpec> starts = new HashMap<>();
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(
        partition -> {
          starts.put(partition, OffsetSpec.earliest());
          latest.put(partition, OffsetSpec.latest());
        });
    Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> first = admin.listOffsets(starts);
    Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> last = admin.listOffsets(latest);
    Map<TopicPartition, PartitionOffsets> ends = new TreeMap<>();
    first.forEach(
        (partition, from) ->
            soon(from.thenCombine(
                    last.get(partition),
                    (start, end) ->
                        Optional.of(
                            new PartitionOffsets(
                                partition,
                                null,
                                Math.min(start.offset(), end.offset()),
                                end.offset()))))
                .ifPresent(found -> ends.put(partition, found)));
    return ends;
  }

  /** A group whose questions are under way. */
  private record Reading(
      String group,
      Map<TopicPartition, OffsetAndMetadata> committed,
      Map<TopicPartition, GroupMember> readers,
      Map<TopicPartition, PartitionOffsets> offsets,
      Map<TopicPartition, CompletableFuture<Long>> times) {}

  private Reading reading(
      GroupDescription group,
      Map<TopicPartition, OffsetAndMetadata> committed,
      Map<TopicPartition, PartitionOffsets> ends) {
    Map<TopicPartition, GroupMember> readers = new HashMap<>();
    group
        .members()
        .forEach(
            member -> member.assignment().forEach(partition -> readers.put(partition, member)));
    Set<TopicPartition> partitions = new TreeSet<>(committed.keySet());
    partitions.addAll(readers.keySet());
    Map<TopicPartition, PartitionOffsets> offsets = new HashMap<>();
    Map<TopicPartition, Long> unread = new HashMap<>();
    for (TopicPartition partition : partitions) {
      PartitionOffsets end = ends.get(partition);
      OffsetAndMetadata commit = committed.get(partition);
      if (end != null) {
        PartitionOffsets now =
            new PartitionOffsets(
                partition, commit == null ? null : commit.offset(), end.start(), end.end());
        offsets.put(partition, now);
        Long next = now.firstUnread();
        if (next != null && next < now.end()) {
          unread.put(partition, next);
        }
      }
    }
    return new Reading(
        group.groupId(),
        committed,
        readers,
        offsets,
        unread.isEmpty() ? Map.of() : admin.recordTimestamps(unread));
  }

  private List<Row> rows(Reading reading) {
    Set<TopicPartition> partitions = new TreeSet<>(reading.committed.keySet());
    partitions.addAll(reading.readers.keySet());
    List<Row> rows = new ArrayList<>();
    for (TopicPartition partition : partitions) {
      PartitionOffsets now = reading.offsets.get(partition);
      rows.add(
          new Row(
              partition,
              reading.committed.get(partition),
              now,
              lagMillis(now, reading.times.get(partition)),
              reading.readers.get(partition)));
    }
    return rows;
  }

  private @Nullable Long lagMillis(
      @Nullable PartitionOffsets now, @Nullable CompletableFuture<Long> time) {
    if (now == null || now.committed() == null) {
      return null;
    }
    if (time == null) {
      return 0L;
    }
    Optional<Long> written = soon(time.thenApply(Optional::of));
    // -1: a record without a time, or none that a reader would see.
    return written
        .filter(millis -> millis >= 0)
        .map(millis -> Math.max(0, nowMillis.getAsLong() - millis))
        .orElse(null);
  }

  private static boolean isUnknown(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return cause instanceof MillraceException known
        && known.error() == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }

  /** The answer, or nothing when it fails or takes long. */
  private <T> Optional<T> soon(CompletableFuture<Optional<T>> answer) {
    return cluster.await(
        answer
            .completeOnTimeout(Optional.empty(), WAIT_MS, TimeUnit.MILLISECONDS)
            .exceptionally(failure -> Optional.empty()));
  }
}
