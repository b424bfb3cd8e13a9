package io.millrace.log;

import io.millrace.log.segment.Segment;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the tests of compaction do to a log. */
final class CompactedLog {

  private CompactedLog() {}

  /** Small segments, cleaned as soon as there is something; more settings come over these. */
  static LogFixture open(String... more) {
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

  /** Forty records of three keys, ready to be cleaned. */
  static LogFixture forty() {
    LogFixture fixture = open();
    for (int i = 0; i < 40; i++) {
      put(fixture, "k" + i % 3, "v" + i);
    }
    seal(fixture);
    return fixture;
  }

  static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static void put(LogFixture fixture, String key, @Nullable String value) {
    fixture.append(
        new RecordBatchBuilder(1 << 20)
            .append(fixture.clock.wallMillis(), bytes(key), bytes(value))
            .build());
  }

  /** Rolls the segment and replicates everything; the filler is the same key each time. */
  static void seal(LogFixture fixture) {
    put(fixture, "filler", "f".repeat(920));
    put(fixture, "filler", "f".repeat(920));
    fixture.log.setHighWatermark(fixture.log.logEndOffset());
  }

  static void clean(LogFixture fixture) {
    fixture.clock.advanceMillis(150);
    fixture.run();
    fixture.clock.advanceMillis(150);
    fixture.run();
  }

  static List<Segment> segments(LogFixture fixture) {
    return ((SegmentedLog) fixture.log).segments();
  }

  static List<Long> offsets(LogFixture fixture) {
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
}
