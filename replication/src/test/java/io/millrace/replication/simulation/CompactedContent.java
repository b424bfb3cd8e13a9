package io.millrace.replication.simulation;

import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What must hold of one partition of a compacted topic. Values are a producer and a number that
 * grows; a key is written again after a few numbers.
 */
final class CompactedContent {

  private static final int KEYS_OF_A_PRODUCER = 9;

  private final Invariants.Place partition;
  private final TreeMap<Long, String> seen = new TreeMap<>(); // by consumers and on replicas
  private long removed;

  CompactedContent(Invariants.Place partition) {
    this.partition = partition;
  }

  static byte[] keyOf(String value) {
    return key(value).getBytes(StandardCharsets.UTF_8);
  }

  private static String key(String value) {
    return producer(value) + "/" + number(value) % KEYS_OF_A_PRODUCER;
  }

  private static String producer(String value) {
    return value.substring(0, value.indexOf(':'));
  }

  private static int number(String value) {
    return Integer.parseInt(value.substring(value.indexOf(':') + 1));
  }

  long removed() {
    return removed;
  }

  /** A consumer was given a batch: an offset has the same record for ever. */
  void read(RecordBatch batch) {
    for (Record record : batch.records()) {
      String value = Invariants.text(Objects.requireNonNull(record.value()));
      if (!Invariants.text(Objects.requireNonNull(record.key())).equals(key(value))) {
        throw Invariants.violated("keysStayWithTheirValues", where(record.offset()) + value);
      }
      String before = seen.putIfAbsent(record.offset(), value);
      if (before != null && !before.equals(value)) {
        throw Invariants.violated(
            "committedRecordNeverUnread",
            where(record.offset()) + "was " + before + " and is " + value);
      }
    }
  }

  private String where(long offset) {
    return "partition " + partition + " offset " + offset + " ";
  }

  /** Checks a replica at the end. */
  void check(int node, Collection<ByteBuffer> batches, List<Invariants.Acknowledged> acknowledged) {
    Map<String, Long> offsets = new HashMap<>();
    Map<String, Integer> lastOfProducer = new HashMap<>();
    Map<String, Long> latestOfKey = new HashMap<>();
    for (ByteBuffer bytes : batches) {
      RecordBatch batch = new RecordBatch(bytes.duplicate(), 0);
      read(batch);
      for (Record record : batch.records()) {
        String value = Invariants.text(Objects.requireNonNull(record.value()));
        if (offsets.put(value, record.offset()) != null) {
          throw Invariants.violated("eachRecordOnce", where(record.offset()) + "again " + value);
        }
        // Who waits for no replica is told nothing of what arrived late.
        boolean inOrder = !value.startsWith(SimulatedProducer.RISKY);
        Integer before = lastOfProducer.put(producer(value), number(value));
        if (inOrder && before != null && number(value) <= before) {
          throw Invariants.violated(
              "inOrderPerProducer", where(record.offset()) + value + " after " + before);
        }
        latestOfKey.put(key(value), record.offset());
      }
    }
    seen.forEach(
        (offset, value) -> {
          if (offset > latestOfKey.getOrDefault(key(value), -1L)) {
            throw Invariants.violated(
                "latestOfEachKeyStays",
                where(offset) + value + " was read and node " + node + " has none as new");
          }
        });
    for (Invariants.Acknowledged batch : acknowledged) {
      if (!batch.place().equals(partition) || !batch.safe()) {
        continue;
      }
      for (int i = 0; i < batch.values().size(); i++) {
        String value = batch.values().get(i);
        Long offset = offsets.get(value);
        long given = batch.baseOffset() + i;
        boolean superseded = given < latestOfKey.getOrDefault(key(value), -1L);
        if (offset == null ? !superseded : offset != given) {
          throw Invariants.violated(
              "noAcknowledgedRecordLost",
              where(given) + value + " on node " + node + " found at " + offset);
        }
        removed += offset == null ? 1 : 0;
      }
    }
  }
}
