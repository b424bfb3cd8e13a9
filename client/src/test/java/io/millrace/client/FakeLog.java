package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.Records;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One partition in memory, with a broker's rules for producers: sequences without gaps, the last
 * five batches of each producer recognised, newer epochs begin at 0. Guarded by the cluster.
 */
final class FakeLog {

  private static final int REMEMBERED_BATCHES = 5;

  /** What an append gave. */
  record Appended(ErrorCode error, long baseOffset) {}

  private record Remembered(int baseSequence, long baseOffset) {}

  private static final class ProducerState {
    short epoch;
    int nextSequence;
    final List<Remembered> last = new ArrayList<>();
  }

  private final List<ByteBuffer> batches = new ArrayList<>();
  private final Map<Long, ProducerState> producers = new HashMap<>();
  private long endOffset;

  long endOffset() {
    return endOffset;
  }

  /** What a broker does whose producer state has expired, or was lost. */
  void forgetProducers() {
    producers.clear();
  }

  Appended append(Records records, int leaderEpoch, int maxRecords) {
    MemoryRecords copy = MemoryRecords.copyOf(((MemoryRecords) records).nioBuffer());
    records.release();
    RecordBatch batch = copy.batches().iterator().next();
    if (!batch.isCrcValid()) {
      return new Appended(ErrorCode.CORRUPT_MESSAGE, -1);
    }
    if (batch.recordCount() > maxRecords) {
      return new Appended(ErrorCode.MESSAGE_TOO_LARGE, -1);
    }
    if (batch.hasProducerId()) {
      Appended refused = checkSequence(batch);
      if (refused != null) {
        return refused;
      }
    }
    batch.setBaseOffset(endOffset);
    batch.setPartitionLeaderEpoch(leaderEpoch);
    long base = endOffset;
    endOffset += batch.recordCount();
    batches.add(batch.bytes());
    return new Appended(ErrorCode.NONE, base);
  }

  private @Nullable Appended checkSequence(RecordBatch batch) {
    ProducerState state = producers.computeIfAbsent(batch.producerId(), id -> new ProducerState());
    if (batch.producerEpoch() < state.epoch) {
      return new Appended(ErrorCode.INVALID_PRODUCER_EPOCH, -1);
    }
    if (batch.producerEpoch() > state.epoch) {
      if (batch.baseSequence() != 0) {
        return new Appended(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
      }
      state.epoch = batch.producerEpoch();
      state.nextSequence = 0;
      state.last.clear();
    }
    for (Remembered remembered : state.last) {
      if (remembered.baseSequence() == batch.baseSequence()) {
        return new Appended(ErrorCode.NONE, remembered.baseOffset());
      }
    }
    if (batch.baseSequence() != state.nextSequence) {
      return new Appended(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    state.nextSequence = RecordBatch.sequenceAfter(batch.baseSequence(), batch.recordCount());
    state.last.add(new Remembered(batch.baseSequence(), endOffset));
    if (state.last.size() > REMEMBERED_BATCHES) {
      state.last.remove(0);
    }
    return null;
  }

  /** At most so many batches from the one that holds the offset. */
  MemoryRecords read(long offset, int mostBatches) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int taken = 0;
    for (ByteBuffer bytes : batches) {
      RecordBatch batch = new RecordBatch(bytes, 0);
      if (batch.lastOffset() >= offset && taken < mostBatches) {
        byte[] copy = new byte[bytes.limit()];
        bytes.get(0, copy);
        out.write(copy, 0, copy.length);
        taken++;
      }
    }
    return MemoryRecords.wrap(ByteBuffer.wrap(out.toByteArray()));
  }

  /** Cuts the tail: what an unclean election does. */
  void truncateTo(long offset) {
    while (!batches.isEmpty() && new RecordBatch(lastBatch(), 0).lastOffset() >= offset) {
      batches.remove(batches.size() - 1);
    }
    endOffset = batches.isEmpty() ? 0 : new RecordBatch(lastBatch(), 0).nextOffset();
  }

  private ByteBuffer lastBatch() {
    return batches.get(batches.size() - 1);
  }

  /** Where the batches of this epoch and older ones end. */
  long endOfEpoch(int epoch) {
    long end = 0;
    for (ByteBuffer bytes : batches) {
      RecordBatch batch = new RecordBatch(bytes, 0);
      if (batch.partitionLeaderEpoch() <= epoch) {
        end = batch.nextOffset();
      }
    }
    return end;
  }

  /** Changes a byte of the batch that holds the offset. */
  void corrupt(long offset) {
    for (ByteBuffer bytes : batches) {
      RecordBatch batch = new RecordBatch(bytes, 0);
      if (batch.baseOffset() <= offset && offset <= batch.lastOffset()) {
        int last = bytes.limit() - 1;
        bytes.put(last, (byte) (bytes.get(last) ^ 1));
      }
    }
  }

  /** The values in the order of their offsets, which have no gaps. */
  List<String> values() {
    List<String> values = new ArrayList<>();
    for (ByteBuffer bytes : batches) {
      for (Record record : new RecordBatch(bytes, 0).recordList()) {
        ByteBuffer value = record.value();
        values.add(
            value == null ? "null" : StandardCharsets.UTF_8.decode(value.duplicate()).toString());
      }
    }
    return values;
  }
}
