package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.segment.Segment;
import io.millrace.log.simulated.Batches;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.ControlRecords;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Single rules of compaction on a whole log; {@link CompactionPropertyTest} has the histories. */
final class LogCompactionTest {

  private static final int PER_SEGMENT = 10;

  private static LogFixture compacted(String... more) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "cleanup.policy", "compact",
                "segment.bytes", "1000",
                "index.interval.bytes", "100",
                "file.delete.delay.ms", "10",
                "min.cleanable.dirty.ratio", "0",
                "delete.retention.ms", "5000"));
    settings.addAll(List.of(more));
    LogFixture fixture = new LogFixture(settings.toArray(String[]::new));
    fixture.managerConfig =
        new LogManagerConfig(
            LogConfig.DEFAULT,
            0,
            86_400_000,
            300_000,
            300,
            new CleanerConfig(1, 1 << 20, Double.MAX_VALUE, 100));
    fixture.reopen();
    return fixture;
  }

  private static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  private static void put(LogFixture fixture, String key, @Nullable String value) {
    fixture.append(
        new RecordBatchBuilder(1 << 20)
            .append(fixture.clock.wallMillis(), bytes(key), bytes(value))
            .build());
  }

  /** Rolls the segment and replicates everything; the filler is the same key each time. */
  private static void seal(LogFixture fixture) {
    put(fixture, "filler", "f".repeat(920));
    put(fixture, "filler", "f".repeat(920));
    fixture.log.setHighWatermark(fixture.log.logEndOffset());
  }

  private static void clean(LogFixture fixture) {
    fixture.clock.advanceMillis(150);
    fixture.run();
    fixture.clock.advanceMillis(150);
    fixture.run();
  }

  private static List<Segment> segments(LogFixture fixture) {
    return ((SegmentedLog) fixture.log).segments();
  }

  private static List<Long> offsets(LogFixture fixture) {
    List<Long> offsets = new ArrayList<>();
    fixture.read(
        fixture.log.logStartOffset(),
        records -> {
          for (RecordBatch batch : records.batches()) {
            batch.records().forEach(record -> offsets.add(record.offset()));
          }
          records.release();
        });
    return offsets;
  }

  @Test
  void newestOfEachKey_staysAtItsOffset() {
    // given
    LogFixture fixture = compacted();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);

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
    LogFixture fixture = compacted();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
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
    LogFixture fixture = compacted();
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
    LogFixture fixture = compacted("min.compaction.lag.ms", "10000");
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
        compacted("max.compaction.lag.ms", "10000", "min.cleanable.dirty.ratio", "1");
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
    LogFixture fixture = compacted();
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
    LogFixture fixture = compacted();
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
  void progress_survivesARestart() {
    // given
    LogFixture fixture = compacted();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    clean(fixture);
    fixture.clock.advanceMillis(1000);
    fixture.run();

    // when
    fixture.crashAndReopen();
    fixture.log.setHighWatermark(fixture.log.logEndOffset());
    clean(fixture);

    // then
    assertThat(fixture.manager.cleanerStats().cleanings()).isZero();
  }

  @Test
  void damagedCheckpoint_startsOver() throws IOException {
    // given
    LogFixture fixture = compacted();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    clean(fixture);
    fixture.clock.advanceMillis(1000);
    fixture.run();

    // when
    fixture.disk.corrupt(OffsetsCheckpoint.FILE, 30);
    fixture.crashAndReopen();
    fixture.log.setHighWatermark(fixture.log.logEndOffset());
    clean(fixture);

    // then
    assertThat(fixture.manager.cleanerStats().cleanings()).isEqualTo(1);
    assertThat(offsets(fixture)).containsExactly(37L, 38L, 39L, 40L, 41L);
  }

  @Test
  void damagedBatch_marksTheLogAndTheOthersAreCleaned() throws IOException {
    // given
    LogFixture fixture = compacted();
    TopicPartitionId other = new TopicPartitionId(new Uuid(1, 3), "bills", 0);
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    fixture.disk.corrupt(LogFixture.ID.directoryName() + "/00000000000000000000.log", 70);
    PartitionLog damaged = fixture.log;
    fixture.log = fixture.manager.getOrCreate(other, fixture.config);
    put(fixture, "a", "1");
    put(fixture, "a", "2");
    seal(fixture);

    // when
    clean(fixture);
    clean(fixture);

    // then
    assertThat(offsets(fixture)).containsExactly(1L, 2L, 3L);
    assertThat(damaged.isOffline()).isFalse();
    assertThat(fixture.manager.cleanerStats().uncleanablePartitions()).isEqualTo(1);
  }

  @Test
  void fullDisk_leavesTheLogInService() {
    // given
    LogFixture fixture = compacted();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    fixture.disk.limitBytes(50_000);

    // when
    clean(fixture);

    // then
    assertThat(fixture.manager.cleanerStats().uncleanablePartitions()).isEqualTo(1);
    put(fixture, "k", "still taken");
    assertThat(fixture.log.isOffline()).isFalse();

    // when: there is room again
    fixture.disk.limitBytes(Long.MAX_VALUE);
    fixture.clock.advanceMillis(600_000);
    clean(fixture);

    // then
    assertThat(fixture.manager.cleanerStats().uncleanablePartitions()).isZero();
    assertThat(offsets(fixture)).startsWith(37L, 38L, 39L);
  }

  @Test
  void failedFlushOfACleanedSegment_takesTheDirectoryOffline() {
    // given
    LogFixture fixture = compacted();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    fixture.disk.failForces(true);

    // when
    clean(fixture);

    // then: as after any failed flush, nothing can be promised any more
    assertThat(fixture.log.isOffline()).isTrue();
  }

  @Test
  void controlBatchesAndOpenTransactions_stay() {
    // given
    LogFixture fixture = compacted();
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
    LogFixture leader = compacted();
    for (int i = 0; i < 40; i++) {
      put(leader, "k" + i % 3, "v" + i);
    }
    seal(leader);
    clean(leader);
    LogFixture follower = compacted();

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
    LogFixture fixture = compacted("cleanup.policy", "compact,delete", "retention.ms", "100000");
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
    LogFixture fixture = compacted("retention.ms", "100000", "retention.bytes", "1");
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

  @Test
  void limitOnBytesPerSecond_slowsACleaningDown() {
    // given
    LogFixture fixture = compacted();
    fixture.managerConfig =
        fixture.managerConfig.withCleaner(new CleanerConfig(1, 1 << 20, 1000, 100));
    fixture.reopen();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    long start = fixture.clock.wallMillis();

    // when
    while (fixture.manager.cleanerStats().cleanings() == 0) {
      fixture.clock.advanceMillis(50);
      fixture.run();
    }

    // then: about 10,000 bytes are read or written before the last swap
    assertThat(fixture.clock.wallMillis() - start).isBetween(4_000L, 30_000L);
  }

  @Test
  void cleaningOfADirectoryThatFails_givesItsMemoryBack() {
    // given
    LogFixture fixture = compacted();
    fixture.managerConfig =
        fixture.managerConfig.withCleaner(new CleanerConfig(1, 1024, 1000, 100));
    fixture.reopen();
    for (int i = 0; i < 40; i++) { // so many that the keys may take the whole buffer
      put(fixture, "k" + i % 10, "v" + i);
    }
    seal(fixture);
    clean(fixture);
    assertThat(fixture.manager.cleanerStats().cleanings()).as("in the middle of one").isZero();
    fixture.disk.limitBytes(1);
    put(fixture, "k", "v");
    assertThat(fixture.log.isOffline()).isTrue();
    fixture.disk.limitBytes(Long.MAX_VALUE);

    // when
    fixture.manager.reopen("disk-a");
    fixture.run();
    fixture.log = fixture.manager.getOrCreate(LogFixture.ID, fixture.config, false);
    fixture.log.setHighWatermark(fixture.log.logEndOffset());
    for (int i = 0; i < 400; i++) {
      clean(fixture);
    }

    // then
    assertThat(fixture.manager.cleanerStats().cleanings()).isPositive();
  }

  @Test
  void policyTakenBack_endsCleaning() {
    // given
    LogFixture fixture = compacted();
    put(fixture, "a", "1");
    put(fixture, "a", "2");
    seal(fixture);

    // when
    fixture.log.reconfigure(fixture.config.with(Map.of("cleanup.policy", "delete")));
    clean(fixture);

    // then
    assertThat(offsets(fixture)).hasSize(4);
  }
}
