package io.millrace.log.simulated;

import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.Records;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Makes and takes apart batches. */
public final class Batches {

  private Batches() {}

  /** A batch of an ordinary producer. */
  public static MemoryRecords of(long timestamp, String... values) {
    return fill(new RecordBatchBuilder(1 << 20), timestamp, values).build();
  }

  /** A batch of an idempotent producer. */
  public static MemoryRecords ofProducer(
      long producerId, int epoch, int sequence, long timestamp, String... values) {
    return fill(
            new RecordBatchBuilder(1 << 20).producerState(producerId, (short) epoch, sequence),
            timestamp,
            values)
        .build();
  }

  /** A batch as a leader sends it to its followers. */
  public static MemoryRecords ofLeader(
      long baseOffset, int leaderEpoch, long timestamp, String... values) {
    return fill(
            new RecordBatchBuilder(1 << 20)
                .baseOffset(baseOffset)
                .partitionLeaderEpoch(leaderEpoch),
            timestamp,
            values)
        .build();
  }

  private static RecordBatchBuilder fill(
      RecordBatchBuilder builder, long timestamp, String... values) {
    for (String value : values) {
      builder.append(timestamp, null, value.getBytes(StandardCharsets.UTF_8));
    }
    return builder;
  }

  /** The values of all records, and releases them. */
  public static List<String> values(Records records) {
    List<String> values = new ArrayList<>();
    for (RecordBatch batch : memory(records).batches()) {
      if (!batch.isCrcValid()) {
        throw new AssertionError("checksum is wrong: " + batch);
      }
      for (Record record : batch.records()) {
        ByteBuffer value = record.value();
        values.add(value == null ? "" : StandardCharsets.UTF_8.decode(value).toString());
      }
    }
    records.release();
    return values;
  }

  /** The offsets of all records; releases nothing. */
  public static List<Long> offsets(Records records) {
    List<Long> offsets = new ArrayList<>();
    for (RecordBatch batch : memory(records).batches()) {
      for (long offset = batch.baseOffset(); offset <= batch.lastOffset(); offset++) {
        offsets.add(offset);
      }
    }
    return offsets;
  }

  private static MemoryRecords memory(Records records) {
    if (records instanceof MemoryRecords memory) {
      return memory;
    }
    throw new AssertionError("records are in a file: " + records);
  }
}
