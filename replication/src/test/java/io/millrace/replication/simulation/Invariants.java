package io.millrace.replication.simulation;

import io.millrace.log.LogRead;
import io.millrace.log.PartitionLog;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.Records;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.replication.RoleSnapshot;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/** What must never break, whatever fails. */
final class Invariants {

  /** A partition of one topic; another topic may have had the name before. */
  record Place(Uuid topicId, int partition) {}

  /**
   * A batch that a producer was told has arrived.
   *
   * @param safe whether all in-sync replicas have it ({@code acks=all}), or the leader alone
   */
  record Acknowledged(Place place, long baseOffset, List<String> values, boolean safe) {}

  private record EpochKey(Place place, int leaderEpoch) {}

  private record LifeKey(Life life, Place place, int leaderEpoch) {}

  /** A log opened again is another one, though its process lives on. */
  private record Leader(Life life, PartitionLog log) {}

  private final Map<EpochKey, Leader> leaders = new HashMap<>();
  private final Map<LifeKey, Long> highWatermarks = new HashMap<>();
  private final Map<Place, TreeMap<Long, ByteBuffer>> committed = new HashMap<>();
  private final List<Acknowledged> acknowledged = new ArrayList<>();
  private final Map<Place, Long> acknowledgedEnd = new HashMap<>();
  private final boolean compacted;
  private final Map<Place, CompactedContent> records = new HashMap<>();
  private long consumed;

  /**
   * @param compacted whether old records of a key may go
   */
  Invariants(boolean compacted) {
    this.compacted = compacted;
  }

  /** Records of the final state that were written and are gone, on one replica each. */
  long removedRecords() {
    return records.values().stream().mapToLong(CompactedContent::removed).sum();
  }

  void observe(Life life, Collection<ReplicatedPartition> partitions) {
    for (ReplicatedPartition partition : partitions) {
      RoleSnapshot role = partition.role();
      Place index = new Place(partition.id().topicId(), partition.id().partition());
      PartitionLog log = partition.log();
      if (role.isLeader()) {
        Leader leader = new Leader(life, log);
        Leader other = leaders.putIfAbsent(new EpochKey(index, role.leaderEpoch()), leader);
        if (other != null && (other.life != life || other.log != log)) {
          throw violated(
              "atMostOneLeaderPerEpoch",
              "partition "
                  + index
                  + " epoch "
                  + role.leaderEpoch()
                  + " was led by "
                  + other.life
                  + ", now by "
                  + life
                  + (other.life == life ? " on a log opened again" : ""));
        }
        if (other == null && log.logEndOffset() < acknowledgedEnd.getOrDefault(index, 0L)) {
          throw violated(
              "noAcknowledgedRecordLost",
              life
                  + " leads partition "
                  + index
                  + " in epoch "
                  + role.leaderEpoch()
                  + " with log end "
                  + log.logEndOffset()
                  + ", acknowledged end is "
                  + acknowledgedEnd.get(index));
        }
        long now = log.highWatermark();
        Long before = highWatermarks.put(new LifeKey(life, index, role.leaderEpoch()), now);
        if (before != null && now < before) {
          throw violated(
              "hwNeverMovesBackPerEpoch",
              life
                  + " partition "
                  + index
                  + " epoch "
                  + role.leaderEpoch()
                  + " from "
                  + before
                  + " to "
                  + now);
        }
      }
    }
  }

  void acknowledged(Acknowledged batch) {
    acknowledged.add(batch);
    if (batch.safe) {
      acknowledgedEnd.merge(batch.place, batch.baseOffset + batch.values.size(), Math::max);
    }
  }

  int acknowledgedBatches() {
    return acknowledged.size();
  }

  long consumedBatches() {
    return consumed;
  }

  private CompactedContent recordsOf(Place partition) {
    return records.computeIfAbsent(partition, CompactedContent::new);
  }

  /** A consumer was given a batch. */
  void read(Place partition, RecordBatch batch) {
    consumed++;
    if (compacted) {
      recordsOf(partition).read(batch);
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate(batch.sizeInBytes());
    bytes.put(batch.bytes().duplicate());
    bytes.flip();
    ByteBuffer before =
        committed
            .computeIfAbsent(partition, p -> new TreeMap<>())
            .putIfAbsent(batch.baseOffset(), bytes);
    if (before != null && !before.equals(bytes)) {
      throw violated(
          "committedRecordNeverUnread",
          "partition "
              + partition
              + " offset "
              + batch.baseOffset()
              + " was read with other bytes before");
    }
  }

  /**
   * At the end, with everything healed: all replicas against each other, and against what clients
   * saw.
   */
  void checkFinalState(Place partition, Map<Integer, PartitionLog> replicas) {
    Map<Integer, Map<Long, ByteBuffer>> contents = new LinkedHashMap<>();
    replicas.forEach((node, log) -> contents.put(node, contentOf(partition, log)));
    if (compacted) {
      contents.forEach(
          (node, content) -> recordsOf(partition).check(node, content.values(), acknowledged));
      return;
    }
    Integer first = contents.keySet().iterator().next();
    Map<Long, ByteBuffer> reference = Objects.requireNonNull(contents.get(first));
    contents.forEach(
        (node, content) -> {
          if (!content.equals(reference)) {
            throw violated(
                "replicasIdenticalUpToHighWatermark",
                "partition "
                    + partition
                    + ": node "
                    + node
                    + " has batches "
                    + content.keySet()
                    + ", node "
                    + first
                    + " has "
                    + reference.keySet());
          }
        });
    committed
        .getOrDefault(partition, new TreeMap<>())
        .forEach(
            (offset, bytes) -> {
              if (!bytes.equals(reference.get(offset))) {
                throw violated(
                    "committedRecordNeverUnread",
                    "partition "
                        + partition
                        + " offset "
                        + offset
                        + " was read by a consumer and is gone or different");
              }
            });
    checkAcknowledged(partition, reference);
  }

  private void checkAcknowledged(Place partition, Map<Long, ByteBuffer> content) {
    Map<String, Long> offsets = new HashMap<>();
    Map<String, Integer> lastSeen = new HashMap<>();
    Set<String> acknowledgedValues = new HashSet<>();
    acknowledged.forEach(batch -> acknowledgedValues.addAll(batch.values));
    for (ByteBuffer bytes : content.values()) {
      for (Record record : new RecordBatch(bytes.duplicate(), 0).records()) {
        String value = text(Objects.requireNonNull(record.value()));
        Long twice = offsets.put(value, record.offset());
        if (twice != null) {
          throw violated(
              "eachRecordOnce",
              "partition "
                  + partition
                  + " has "
                  + value
                  + " at "
                  + twice
                  + " and "
                  + record.offset());
        }
        String producer = value.substring(0, value.indexOf(':'));
        int number = Integer.parseInt(value.substring(value.indexOf(':') + 1));
        if (isRisky(producer) && !acknowledgedValues.contains(value)) {
          continue; // sent once, and nobody knows when it arrived
        }
        Integer before = lastSeen.put(producer, number);
        if (before != null && number <= before) {
          throw violated(
              "inOrderPerProducer",
              "partition " + partition + " has " + value + " after " + before);
        }
      }
    }
    for (Acknowledged batch : acknowledged) {
      if (batch.place.equals(partition)) {
        for (int i = 0; i < batch.values.size(); i++) {
          Long offset = offsets.get(batch.values.get(i));
          if (offset == null && !batch.safe) {
            continue; // only the leader had it
          }
          if (offset == null || offset != batch.baseOffset + i) {
            throw violated(
                "noAcknowledgedRecordLost",
                "partition "
                    + partition
                    + ": "
                    + batch.values.get(i)
                    + " was acknowledged at "
                    + (batch.baseOffset + i)
                    + ", found at "
                    + offset);
          }
        }
      }
    }
  }

  private static boolean isRisky(String producer) {
    return producer.startsWith(SimulatedProducer.RISKY);
  }

  private static Map<Long, ByteBuffer> contentOf(Place partition, PartitionLog log) {
    Map<Long, ByteBuffer> content = new TreeMap<>();
    long offset = log.logStartOffset();
    while (offset < log.highWatermark()) {
      LogRead read = log.read(offset, 1 << 20, log.highWatermark(), true);
      MemoryRecords records = inMemory(read.asRecords());
      if (records.sizeInBytes() == 0) {
        throw violated(
            "committedRecordNeverUnread",
            "partition " + partition + " cannot be read at " + offset + ": " + read);
      }
      for (RecordBatch batch : records.batches()) {
        ByteBuffer bytes = ByteBuffer.allocate(batch.sizeInBytes());
        bytes.put(batch.bytes().duplicate());
        bytes.flip();
        content.put(batch.baseOffset(), bytes);
        offset = batch.nextOffset();
      }
    }
    return content;
  }

  /** A copy, from memory or from a file; releases the original. */
  static MemoryRecords inMemory(Records records) {
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    Records.write(out, records, false, false);
    records.release();
    byte[] framed =
        SimulatedEndpoint.bytesOf(out.finish().toBuffer(UnpooledByteBufAllocator.DEFAULT));
    return MemoryRecords.wrap(Unpooled.wrappedBuffer(framed, 8, framed.length - 8));
  }

  static String text(ByteBuffer value) {
    return StandardCharsets.UTF_8.decode(value.duplicate()).toString();
  }

  static AssertionError violated(String invariant, String how) {
    return new AssertionError(invariant + " broken: " + how);
  }
}
