package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LogTrimTest {

  private static LogFixture withTen(String... settings) {
    LogFixture fixture = new LogFixture(settings);
    for (int i = 0; i < 10; i++) {
      fixture.append("v" + i);
    }
    return fixture;
  }

  @Test
  void truncation_removesWholeBatchesAndLowersEveryOffset() {
    LogFixture fixture = withTen("segment.bytes", "250");
    fixture.append("x", "y", "z");
    fixture.log.setHighWatermark(13);

    fixture.log.truncateTo(11);

    assertThat(fixture.log.logEndOffset()).isEqualTo(10);
    assertThat(fixture.log.durableEndOffset()).isEqualTo(10);
    assertThat(fixture.log.highWatermark()).isEqualTo(10);
    assertThat(fixture.values()).hasSize(10);
  }

  @Test
  void truncationAcrossSegments_survivesARestart() {
    LogFixture fixture = withTen("segment.bytes", "250");

    fixture.log.truncateTo(4);
    fixture.log.appendAsLeader(Batches.of(1, "new"), 9);
    fixture.run();
    fixture.crashAndReopen();

    assertThat(fixture.values()).containsExactly("v0", "v1", "v2", "v3", "new");
    assertThat(fixture.log.endOffsetForEpoch(LogFixture.EPOCH)).isEqualTo(new EpochEnd(5, 4));
    assertThat(fixture.log.latestEpoch()).isEqualTo(9);
  }

  @Test
  void truncationDuringAFlush_isNotTakenForDurable() {
    LogFixture fixture = withTen();
    fixture.log.appendAsLeader(Batches.of(1, "late"), LogFixture.EPOCH);
    fixture.appendLoop.runOne();
    fixture.flushLoop.runOne(); // the flush of 11 is done, its news not yet heard
    fixture.log.truncateTo(7);
    fixture.log.appendAsLeader(Batches.of(1, "a", "b", "c", "d", "e"), 6);

    fixture.appendLoop.runOne();

    assertThat(fixture.log.durableEndOffset()).isEqualTo(7);
    fixture.run();
    assertThat(fixture.log.durableEndOffset()).isEqualTo(12);
  }

  @Test
  void truncatingFully_goesOnAtTheNamedOffset() {
    LogFixture fixture = withTen("segment.bytes", "250");

    fixture.log.truncateFullyAndStartAt(500);
    fixture.append("first");

    assertThat(fixture.log.logStartOffset()).isEqualTo(500);
    assertThat(fixture.values()).containsExactly("first");
    fixture.crashAndReopen();
    assertThat(fixture.log.logStartOffset()).isEqualTo(500);
    assertThat(fixture.values()).containsExactly("first");
  }

  @Test
  void advancingTheStart_hidesRecordsAndDropsWholeSegmentsBelowTheHighWatermark() {
    LogFixture fixture = withTen("segment.bytes", "250");
    fixture.log.setHighWatermark(6);
    long before = fixture.log.sizeInBytes();

    fixture.log.advanceLogStart(9);

    assertThat(fixture.log.logStartOffset()).isEqualTo(6);
    assertThat(fixture.log.sizeInBytes()).isLessThan(before);
    assertThat(fixture.log.read(5, 100, 10, true)).isEqualTo(new LogRead.OutOfRange(6, 10));
    assertThat(fixture.values()).isEqualTo(List.of("v6", "v7", "v8", "v9"));
  }

  @Test
  void retentionBySize_keepsWhatIsAboveTheHighWatermark() {
    LogFixture fixture = withTen("segment.bytes", "250", "retention.bytes", "100");
    fixture.log.setHighWatermark(4);

    fixture.manager.retain();
    fixture.run();

    assertThat(fixture.log.logStartOffset()).isBetween(2L, 4L);
    fixture.log.setHighWatermark(10);
    fixture.manager.retain();
    fixture.run();
    assertThat(fixture.log.logStartOffset()).isGreaterThan(4L);
  }

  @Test
  void retentionByTime_removesEvenTheActiveSegmentsRecords() {
    LogFixture fixture = withTen("retention.ms", "1000");
    fixture.log.setHighWatermark(10);

    fixture.clock.advanceMillis(2000);
    fixture.manager.retain();
    fixture.run();

    assertThat(fixture.log.logStartOffset()).isEqualTo(10);
    assertThat(fixture.append("next")).isEqualTo(new AppendResult.Appended(10, 10, -1, 10));
  }

  @Test
  void readInFlight_outlivesTheSegmentsRemoval() {
    LogFixture fixture =
        withTen("segment.bytes", "250", "retention.bytes", "0", "file.delete.delay.ms", "100");
    fixture.log.setHighWatermark(10);
    LogRead.Data before = (LogRead.Data) fixture.log.read(0, 1000, 10, true);

    fixture.manager.retain();
    fixture.run();
    fixture.clock.advanceMillis(200);
    fixture.run();

    assertThat(Batches.values(before.records())).startsWith("v0");
  }

  @Test
  void segmentIsRolledByAge() {
    LogFixture fixture = new LogFixture("segment.ms", "1000");
    fixture.append("a");
    fixture.clock.advanceMillis(1001);
    fixture.append("b");

    assertThat(((SegmentedLog) fixture.log).segments()).hasSize(2);
    assertThat(fixture.values()).containsExactly("a", "b");
  }
}
