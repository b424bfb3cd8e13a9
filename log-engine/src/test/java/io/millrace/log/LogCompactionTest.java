package io.millrace.log;

import static io.millrace.log.CompactedLog.bytes;
import static io.millrace.log.CompactedLog.clean;
import static io.millrace.log.CompactedLog.forty;
import static io.millrace.log.CompactedLog.offsets;
import static io.millrace.log.CompactedLog.put;
import static io.millrace.log.CompactedLog.seal;
import static io.millrace.log.CompactedLog.segments;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.ControlRecords;
import io.millrace.protocol.record.RecordBatchBuilder;
import org.junit.jupiter.api.Test;

/**
 * Which records compaction keeps, rule by rule; {@link CompactionPropertyTest} has the histories.
 */
final class LogCompactionTest {

  private static final int PER_SEGMENT = 10;

  @Test
  void newestOfEachKey_staysAtItsOffset() {
    // given
    LogFixture fixture = forty();

    // when
    clean(fixture);

    // then
    assertThat(offsets(fixture)).containsExactly(37L, 38L, 39L, 40L, 41L);
    assertThat(fixture.log.logStartOffset()).isZero();
    assertThat(fixture.log.logEndOffset()).isEqualTo(42);
    assertThat(fixture.manager.cleanerStats().cleanings()).isEqualTo(1);
  }

  @Test
  void readInAGap_givesTheNextRecord() {
    // given
    LogFixture fixture = forty();
    clean(fixture);

    // then
    for (long from = 0; from < 42; from++) {
      LogRead.Data data = (LogRead.Data) fixture.log.read(from, 1, Long.MAX_VALUE, true);
      assertThat(data.nextOffset()).isGreaterThan(from);
      long first = Batches.offsets(data.records()).get(0);
      assertThat(first)
          .as("first offset of a read at " + from)
          .isLessThanOrEqualTo(Math.max(from, 37));
      data.records().release();
    }
    TimestampOffset byTime = fixture.log.offsetForTimestamp(0);
    assertThat(byTime).extracting(TimestampOffset::offset).isEqualTo(37L);
  }

  @Test
  void tombstone_staysForItsTimeAndThenGoes_alsoWithoutNewRecords() {
    // given
    LogFixture fixture = CompactedLog.open();
    put(fixture, "a", "1");
    put(fixture, "b", "1");
    put(fixture, "a", null);
    seal(fixture);

    // when
    clean(fixture);

    // then
    assertThat(offsets(fixture)).containsExactly(1L, 2L, 3L, 4L);
    fixture.clock.advanceMillis(4500);
    clean(fixture);
    assertThat(offsets(fixture)).containsExactly(1L, 2L, 3L, 4L);
    fixture.clock.advanceMillis(500);
    clean(fixture);
    assertThat(offsets(fixture)).containsExactly(1L, 3L, 4L);
  }

  @Test
  void youngRecords_areLeftAlone() {
    // given
    LogFixture fixture = CompactedLog.open("min.compaction.lag.ms", "10000");
    put(fixture, "a", "1");
    put(fixture, "a", "2");
    seal(fixture);

    // when / then
    clean(fixture);
    assertThat(offsets(fixture)).hasSize(4);
    fixture.clock.advanceMillis(10_000);
    clean(fixture);
    assertThat(offsets(fixture)).containsExactly(1L, 2L, 3L);
  }

  @Test
  void oldRecords_areCleanedThoughTheSegmentIsNotFull() {
    // given
    LogFixture fixture =
        CompactedLog.open("max.compaction.lag.ms", "10000", "min.cleanable.dirty.ratio", "1");
    put(fixture, "a", "1");
    put(fixture, "a", "2");
    fixture.log.setHighWatermark(2);

    // when / then
    clean(fixture);
    assertThat(offsets(fixture)).hasSize(2);
    fixture.clock.advanceMillis(10_000);
    clean(fixture);
    assertThat(offsets(fixture)).containsExactly(1L);
  }

  @Test
  void nothingAboveTheHighWatermark_isCleaned() {
    // given
    LogFixture fixture = CompactedLog.open();
    for (int i = 0; i < 40; i++) {
      put(fixture, "a", "v" + i);
    }
    fixture.log.setHighWatermark(15);

    // when
    clean(fixture);

    // then
    assertThat(offsets(fixture)).hasSizeGreaterThan(25).contains(15L, 16L, 39L);
  }

  @Test
  void smallSegments_areMerged() {
    // given
    LogFixture fixture = CompactedLog.open();
    for (int i = 0; i < 100; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    int before = segments(fixture).size();

    // when
    clean(fixture);
    seal(fixture);
    clean(fixture);

    // then
    assertThat(before).isGreaterThan(PER_SEGMENT / 2);
    assertThat(segments(fixture).size()).isLessThan(before - 2);
    fixture.crashAndReopen();
    assertThat(segments(fixture)).isNotEmpty();
    assertThat(offsets(fixture)).startsWith(97L, 98L, 99L);
  }

  @Test
  void controlBatchesAndOpenTransactions_stay() {
    // given
    LogFixture fixture = CompactedLog.open();
    put(fixture, "a", "1");
    fixture.append(
        new RecordBatchBuilder(Compression.LZ4, Compression.DEFAULT_LEVEL, 1 << 20)
            .producerState(7, (short) 0, 0)
            .transactional(true)
            .append(fixture.clock.wallMillis(), bytes("a"), bytes("2"))
            .build());
    fixture.append(
        ControlRecords.endTransactionMarker(fixture.clock.wallMillis(), 7, (short) 0, false, 1));
    seal(fixture);

    // when
    clean(fixture);

    // then: an aborted record is no reason for an older one to go
    assertThat(offsets(fixture)).containsExactly(0L, 1L, 2L, 3L, 4L);

    // when: one that counts replaces both
    put(fixture, "a", "3");
    seal(fixture);
    clean(fixture);

    // then
    assertThat(offsets(fixture)).startsWith(2L).doesNotContain(0L, 1L);
  }

  @Test
  void follower_takesBatchesWithGapsFromACompactedLeader() {
    // given
    LogFixture leader = CompactedLog.open();
    for (int i = 0; i < 40; i++) {
      put(leader, "k" + i % 3, "v" + i);
    }
    seal(leader);
    clean(leader);
    LogFixture follower = CompactedLog.open();

    // when
    leader.read(
        0,
        records -> {
          assertThat(follower.log.appendAsFollower(records))
              .isInstanceOf(AppendResult.Appended.class);
          records.release();
          follower.run();
        });

    // then
    assertThat(follower.log.logEndOffset()).isEqualTo(42);
    assertThat(offsets(follower)).isEqualTo(offsets(leader));
    assertThat(follower.log.endOffsetForEpoch(LogFixture.EPOCH))
        .isEqualTo(leader.log.endOffsetForEpoch(LogFixture.EPOCH));
    follower.crashAndReopen();
    assertThat(offsets(follower)).isEqualTo(offsets(leader));
    follower.log.truncateTo(39);
    assertThat(follower.log.logEndOffset()).isEqualTo(39);
  }

  @Test
  void compactAndDelete_doesBoth() {
    // given
    LogFixture fixture =
        CompactedLog.open("cleanup.policy", "compact,delete", "retention.ms", "100000");
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    clean(fixture);
    assertThat(offsets(fixture)).startsWith(37L);

    // when
    fixture.clock.advanceMillis(101_000);
    fixture.manager.retain();
    fixture.run();

    // then
    assertThat(fixture.log.logStartOffset()).isGreaterThanOrEqualTo(41);
  }

  @Test
  void compactAlone_keepsWhatIsOld() {
    // given
    LogFixture fixture = CompactedLog.open("retention.ms", "100000", "retention.bytes", "1");
    put(fixture, "a", "1");
    seal(fixture);

    // when
    fixture.clock.advanceMillis(200_000);
    fixture.manager.retain();
    fixture.run();

    // then
    assertThat(fixture.log.logStartOffset()).isZero();
    assertThat(offsets(fixture)).contains(0L);
  }
}
