package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.producer.ProducerBatch;
import io.millrace.log.producer.SequenceVerdict;
import io.millrace.log.segment.Segment;
import io.millrace.log.tail.TailChunk;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Checks and stages batches, and writes what is staged. Staging gives offsets out and copies the
 * bytes into the tail; writing brings everything staged to the file in one call and only then
 * publishes the log end.
 */
@ConfinedTo("the append loop")
final class LogAppender {

  private final LogState state;

  LogAppender(LogState state) {
    this.state = state;
  }

  AppendResult appendAsLeader(MemoryRecords records, int leaderEpoch) throws IOException {
    if (leaderEpoch < state.epochs.latest()) {
      return new AppendResult.Rejected(
          ErrorCode.FENCED_LEADER_EPOCH,
          "leader epoch "
              + leaderEpoch
              + " is older than current "
              + state.epochs.latest()
              + ", partition="
              + state.id);
    }
    AppendResult refusal = check(records);
    if (refusal != null) {
      return refusal;
    }
    LogConfig config = state.config;
    long now = state.clock.wallMillis();
    long base = state.nextOffset;
    ByteBuffer source = records.nioBuffer();
    state.changeEpochs(state.epochs.with(leaderEpoch, base));
    for (RecordBatch batch : records.batches()) {
      int size = batch.sizeInBytes();
      TailChunk chunk = makeRoom(size, state.nextOffset + batch.lastOffsetDelta(), now);
      RecordBatch copy = chunk.copy(source, batch.position(), size);
      copy.setBaseOffset(state.nextOffset);
      copy.setPartitionLeaderEpoch(leaderEpoch);
      if (config.logAppendTime()) {
        copy.setLogAppendTime(now);
      }
      stage(chunk, copy, now);
    }
    return new AppendResult.Appended(
        base,
        state.nextOffset - 1,
        config.logAppendTime() ? now : -1,
        state.offsets.logStartAcquire());
  }

  /**
   * Why the batches cannot be appended, or the answer that the log has them already; null when they
   * can.
   */
  private @Nullable AppendResult check(MemoryRecords records) {
    int count = 0;
    boolean anyProducer = false;
    for (RecordBatch batch : records.batches()) {
      count++;
      anyProducer |= batch.hasProducerId();
      LogConfig config = state.config;
      if (batch.sizeInBytes() > config.maxMessageBytes()) {
        return new AppendResult.Rejected(
            ErrorCode.MESSAGE_TOO_LARGE,
            "batch has "
                + batch.sizeInBytes()
                + " bytes, max.message.bytes is "
                + config.maxMessageBytes());
      }
      if (batch.sizeInBytes() > config.segmentBytes()) {
        return new AppendResult.Rejected(
            ErrorCode.RECORD_LIST_TOO_LARGE,
            "batch has "
                + batch.sizeInBytes()
                + " bytes, segment.bytes is "
                + config.segmentBytes());
      }
      AppendResult refusal = batch.hasProducerId() ? checkSequence(batch) : null;
      if (refusal != null) {
        return refusal;
      }
    }
    if (anyProducer && count > 1) {
      return new AppendResult.Rejected(
          ErrorCode.INVALID_RECORD,
          count + " batches of an idempotent producer in one request, expected 1");
    }
    return null;
  }

  private @Nullable AppendResult checkSequence(RecordBatch batch) {
    SequenceVerdict verdict = state.producers.check(describe(batch));
    if (verdict instanceof SequenceVerdict.Repeated repeated) {
      return new AppendResult.Duplicate(
          repeated.baseOffset(), repeated.lastOffset(), -1, state.offsets.logStartAcquire());
    }
    if (verdict instanceof SequenceVerdict.Refused refused) {
      return new AppendResult.Rejected(
          refused.code(), refused.reason() + ", partition=" + state.id);
    }
    return null;
  }

  AppendResult appendAsFollower(MemoryRecords records) throws IOException {
    long now = state.clock.wallMillis();
    long base = -1;
    ByteBuffer source = records.nioBuffer();
    for (RecordBatch batch : records.batches()) {
      if (batch.lastOffset() < state.nextOffset) {
        continue; // a fetch may begin in the middle of what is here already
      }
      // Above it is where the leader's compaction left a gap.
      if (batch.baseOffset() < state.nextOffset) {
        return new AppendResult.Rejected(
            ErrorCode.CORRUPT_MESSAGE,
            "batch begins at offset "
                + batch.baseOffset()
                + ", expected "
                + state.nextOffset
                + " or later"
                + ", partition="
                + state.id);
      }
      if (batch.partitionLeaderEpoch() < state.epochs.latest()) {
        return new AppendResult.Rejected(
            ErrorCode.FENCED_LEADER_EPOCH,
            "batch has leader epoch "
                + batch.partitionLeaderEpoch()
                + ", older than "
                + state.epochs.latest()
                + ", partition="
                + state.id);
      }
      base = base < 0 ? state.nextOffset : base;
      state.changeEpochs(state.epochs.with(batch.partitionLeaderEpoch(), state.nextOffset));
      TailChunk chunk = makeRoom(batch.sizeInBytes(), batch.lastOffset(), now);
      stage(chunk, chunk.copy(source, batch.position(), batch.sizeInBytes()), now);
    }
    return new AppendResult.Appended(
        base < 0 ? state.nextOffset : base,
        state.nextOffset - 1,
        -1,
        state.offsets.logStartAcquire());
  }

  /**
   * Rolls the segment and begins a chunk where that is needed; what is staged is written before.
   */
  private TailChunk makeRoom(int size, long lastOffset, long now) throws IOException {
    if (mustRoll(size, lastOffset, now)) {
      write();
      state.roll();
    }
    TailChunk chunk = state.tail.current();
    if (chunk == null || !chunk.hasRoomFor(size)) {
      write();
      chunk = state.tail.begin(state.nextOffset, size);
    }
    return chunk;
  }

  private boolean mustRoll(int size, long lastOffset, long now) {
    Segment active = state.segments.active();
    if (active.stagedPosition() == 0) {
      return false;
    }
    return active.stagedPosition() + size > state.config.segmentBytes()
        || lastOffset - active.baseOffset() > Integer.MAX_VALUE
        || (active.firstAppendMs() >= 0
            && now - active.firstAppendMs() > state.config.effectiveSegmentMs());
  }

  // hot: LogBenchmark
  private void stage(TailChunk chunk, RecordBatch batch, long now) {
    int size = batch.sizeInBytes();
    state
        .segments
        .active()
        .stage(
            batch.baseOffset(), size, batch.maxTimestamp(), state.config.indexIntervalBytes(), now);
    state.nextOffset = batch.lastOffset() + 1;
    chunk.stage(size, state.nextOffset);
    if (batch.hasProducerId()) {
      state.producers.update(describe(batch), now);
    }
  }

  static ProducerBatch describe(RecordBatch batch) {
    return new ProducerBatch(
        batch.producerId(),
        batch.producerEpoch(),
        batch.baseSequence(),
        batch.lastOffsetDelta() + 1, // what the producer sent, whatever compaction left of it
        batch.baseOffset(),
        batch.lastOffset(),
        batch.isTransactional(),
        batch.isControl());
  }

  /**
   * Brings everything staged to the file and publishes the log end; false when there was nothing.
   */
  boolean write() throws IOException {
    TailChunk chunk = state.tail.current();
    if (chunk == null || !chunk.hasUnwritten()) {
      return false;
    }
    Segment active = state.segments.active();
    active.write(chunk.unwritten(), state.nextOffset);
    chunk.show();
    state.unit.segmentWritten(active);
    state.offsets.releaseLogEnd(state.nextOffset);
    return true;
  }
}
