package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PartitionLogTest {

  @Test
  void appendedBatches_getOffsetsAndEpochAndAreRead() {
    LogFixture fixture = new LogFixture();

    AppendResult first = fixture.append("a", "b");
    AppendResult second = fixture.append("c");

    assertThat(first).isEqualTo(new AppendResult.Appended(0, 1, -1, 0));
    assertThat(second).isEqualTo(new AppendResult.Appended(2, 2, -1, 0));
    assertThat(fixture.values()).containsExactly("a", "b", "c");
    LogRead.Data read = (LogRead.Data) fixture.log.read(2, 1000, 3, true);
    RecordBatch batch = ((MemoryRecords) read.records()).batches().iterator().next();
    assertThat(batch.baseOffset()).isEqualTo(2);
    assertThat(batch.partitionLeaderEpoch()).isEqualTo(LogFixture.EPOCH);
    read.records().release();
  }

  @Test
  void durableEnd_movesOnlyWhenTheFlushReturned() {
    LogFixture fixture = new LogFixture();
    List<Long> heard = new ArrayList<>();
    fixture.log.onDurable(heard::add);
    fixture.log.appendAsLeader(Batches.of(1, "a", "b"), 0);

    assertThat(fixture.log.logEndOffset()).isZero();
    assertThat(fixture.appendLoop.runOne()).isTrue();
    assertThat(fixture.log.logEndOffset()).isEqualTo(2);
    assertThat(fixture.log.durableEndOffset()).isZero();
    fixture.run();

    assertThat(fixture.log.durableEndOffset()).isEqualTo(2);
    assertThat(heard).containsExactly(2L);
  }

  @Test
  void appendsOfOneTurn_shareOneFlush() {
    LogFixture fixture = new LogFixture();
    fixture.append("warm");
    long before = fixture.disk.forces();
    for (int i = 0; i < 10; i++) {
      fixture.log.appendAsLeader(Batches.of(1, "x"), LogFixture.EPOCH);
    }

    fixture.run();

    assertThat(fixture.log.durableEndOffset()).isEqualTo(11);
    assertThat(fixture.disk.forces() - before).isEqualTo(1);
  }

  @Test
  void withoutFlushBeforeAck_theLogEndIsDurableAtOnce() {
    LogFixture fixture = new LogFixture("flush.before.ack", "false");
    fixture.log.appendAsLeader(Batches.of(1, "a"), 0);

    fixture.appendLoop.runOne();

    assertThat(fixture.log.durableEndOffset()).isEqualTo(1);
  }

  @Test
  void read_neverReachesTheUpperBound() {
    LogFixture fixture = new LogFixture();
    fixture.append("a", "b");
    fixture.append("c", "d");

    assertThat(read(fixture, 0, 10_000, 4)).containsExactly(0L, 1L, 2L, 3L);
    assertThat(read(fixture, 0, 10_000, 3)).containsExactly(0L, 1L);
    assertThat(read(fixture, 0, 10_000, 1)).isEmpty();
    assertThat(read(fixture, 3, 10_000, 4)).containsExactly(2L, 3L);
  }

  @Test
  void read_withoutRoomForOneBatch_isEmptyUnlessOneIsAskedFor() {
    LogFixture fixture = new LogFixture();
    fixture.append("a", "b");

    LogRead.Data nothing = (LogRead.Data) fixture.log.read(0, 10, 2, false);
    LogRead.Data one = (LogRead.Data) fixture.log.read(0, 10, 2, true);

    assertThat(nothing.records().sizeInBytes()).isZero();
    assertThat(nothing.nextOffset()).isZero();
    assertThat(Batches.values(one.records())).containsExactly("a", "b");
  }

  @Test
  void read_beyondTheEnds_isOutOfRange() {
    LogFixture fixture = new LogFixture();
    fixture.append("a");

    assertThat(fixture.log.read(2, 100, 9, true)).isEqualTo(new LogRead.OutOfRange(0, 1));
    assertThat(fixture.log.read(1, 100, 9, true).error()).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void read_fromFilesEqualsReadFromMemory() {
    LogFixture fixture = new LogFixture("segment.bytes", "600", "index.interval.bytes", "100");
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      expected.add("value-" + i);
      fixture.append("value-" + i);
    }
    List<String> fromMemory = fixture.values();

    fixture.stopAndReopen();

    assertThat(fromMemory).isEqualTo(expected);
    for (long from = 0; from < 60; from++) {
      assertThat(fixture.valuesFrom(from)).isEqualTo(expected.subList((int) from, 60));
    }
    for (int bytes = 1; bytes < 700; bytes += 7) {
      LogRead.Data data = (LogRead.Data) fixture.log.read(3, bytes, 7, true);
      List<Long> offsets = Batches.offsets(data.records());
      assertThat(offsets).startsWith(3L).allMatch(offset -> offset < 7);
      assertThat(data.nextOffset()).isEqualTo(offsets.get(offsets.size() - 1) + 1);
      data.records().release();
    }
  }

  @Test
  void tailCacheAtItsLimit_letsOldBytesGoAndReadsThemFromTheFile() {
    LogFixture fixture = new LogFixture();
    fixture.managerConfig = new LogManagerConfig(LogConfig.DEFAULT, 0, 1000, 1000, 1000);
    fixture.killAndReopen();
    fixture.append("a");
    fixture.append("b");

    assertThat(fixture.values()).containsExactly("a", "b");
  }

  @Test
  void logAppendTime_stampsTheBatchAndKeepsItsChecksumRight() {
    LogFixture fixture = new LogFixture("message.timestamp.type", "LogAppendTime");

    AppendResult result = fixture.append(Batches.of(7, "a"));

    assertThat(result).isEqualTo(new AppendResult.Appended(0, 0, 1_000_000, 0));
    assertThat(fixture.values()).containsExactly("a");
    assertThat(fixture.log.offsetForTimestamp(8)).isEqualTo(new TimestampOffset(1_000_000, 0, 5));
  }

  @Test
  void batchAboveTheTopicsLimit_isRefused() {
    LogFixture fixture = new LogFixture("max.message.bytes", "80");

    assertThat(fixture.append("x".repeat(100)).error()).isEqualTo(ErrorCode.MESSAGE_TOO_LARGE);
    assertThat(fixture.log.logEndOffset()).isZero();
  }

  @Test
  void appendOfAnOlderLeader_isFenced() {
    LogFixture fixture = new LogFixture();
    fixture.append("a");

    AppendResult result = fixture.log.appendAsLeader(Batches.of(1, "b"), LogFixture.EPOCH - 1);

    assertThat(result.error()).isEqualTo(ErrorCode.FENCED_LEADER_EPOCH);
  }

  @Test
  void follower_takesOffsetsAsTheyAreAndPassesOverWhatItHas() {
    LogFixture fixture = new LogFixture();
    fixture.log.appendAsFollower(Batches.ofLeader(0, 2, 1, "a", "b"));
    fixture.log.appendAsFollower(Batches.ofLeader(0, 2, 1, "a", "b"));
    fixture.log.appendAsFollower(Batches.ofLeader(2, 3, 1, "c"));
    AppendResult overlap = fixture.log.appendAsFollower(Batches.ofLeader(2, 3, 1, "c", "z"));
    fixture.run();

    assertThat(overlap.error()).isEqualTo(ErrorCode.CORRUPT_MESSAGE);
    assertThat(fixture.values()).containsExactly("a", "b", "c");
    assertThat(fixture.log.endOffsetForEpoch(2)).isEqualTo(new EpochEnd(2, 2));
    assertThat(fixture.log.latestEpoch()).isEqualTo(3);
  }

  @Test
  void follower_takesTheGapsThatCompactionLeft_andEndsAnEpochWhereTheBatchBeforeEnded() {
    LogFixture fixture = new LogFixture();
    fixture.log.appendAsFollower(Batches.ofLeader(4, 2, 1, "a", "b"));
    AppendResult gap = fixture.log.appendAsFollower(Batches.ofLeader(9, 3, 1, "z"));
    fixture.run();

    assertThat(gap.error()).isEqualTo(ErrorCode.NONE);
    assertThat(fixture.values()).containsExactly("a", "b", "z");
    assertThat(fixture.log.logEndOffset()).isEqualTo(10);
    assertThat(fixture.log.endOffsetForEpoch(2)).isEqualTo(new EpochEnd(2, 6));
  }

  @Test
  void highWatermark_movesForwardOnlyAndNotBeyondTheEnd() {
    LogFixture fixture = new LogFixture();
    fixture.append("a", "b", "c");

    fixture.log.setHighWatermark(2);
    fixture.log.setHighWatermark(1);
    assertThat(fixture.log.highWatermark()).isEqualTo(2);
    fixture.log.setHighWatermark(9);
    assertThat(fixture.log.highWatermark()).isEqualTo(3);
    assertThat(fixture.log.lastStableOffset()).isEqualTo(3);
  }

  @Test
  void offsetForTimestamp_findsTheFirstRecordNotOlder() {
    LogFixture fixture = new LogFixture("segment.bytes", "300", "index.interval.bytes", "0");
    for (int i = 0; i < 20; i++) {
      fixture.append(Batches.of(i * 10L, "v" + i));
    }

    assertThat(fixture.log.offsetForTimestamp(0)).isEqualTo(new TimestampOffset(0, 0, 5));
    assertThat(fixture.log.offsetForTimestamp(95)).isEqualTo(new TimestampOffset(100, 10, 5));
    assertThat(fixture.log.offsetForTimestamp(190)).isEqualTo(new TimestampOffset(190, 19, 5));
    assertThat(fixture.log.offsetForTimestamp(191)).isNull();
    assertThat(fixture.log.offsetForTimestamp(PartitionLog.LATEST_TIMESTAMP))
        .isEqualTo(new TimestampOffset(-1, 20, 5));
    assertThat(fixture.log.offsetForTimestamp(PartitionLog.EARLIEST_TIMESTAMP))
        .isEqualTo(new TimestampOffset(-1, 0, 5));
    assertThat(fixture.log.offsetForTimestamp(PartitionLog.MAX_TIMESTAMP))
        .isEqualTo(new TimestampOffset(190, 19, 5));
  }

  private static List<Long> read(LogFixture fixture, long from, int bytes, long upTo) {
    LogRead.Data data = (LogRead.Data) fixture.log.read(from, bytes, upTo, true);
    List<Long> offsets = Batches.offsets(data.records());
    data.records().release();
    return offsets;
  }
}
