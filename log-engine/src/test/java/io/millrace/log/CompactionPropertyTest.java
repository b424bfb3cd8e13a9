package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.segment.Segment;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories of a compacted log: appends of keys and tombstones in all codecs, cleanings
 * stopped between any two steps by truncation, stop, kill and loss of power, against a model that
 * forgets nothing. A failure names its seed.
 */
final class CompactionPropertyTest {

  private static final int SEEDS = Integer.getInteger("millrace.seeds", 60);
  private static final int STEPS = 220;
  private static final int KEYS = 12;
  private static final long DELETE_RETENTION_MS = 700;

  /** A record of the model. */
  private record Known(
      String key, @Nullable String value, long appendedMs, long batchEnd, int epoch) {}

  /** A record as it was read. */
  private record Seen(long offset, String key, @Nullable String value) {}

  /** The last batch of a producer. */
  private record Sent(long base, int epoch, int sequence, MemoryRecords records) {}

  @Test
  void latestOfEachKeyStays_inAnyHistory() {
    long cleanings = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      cleanings += run(seed);
    }
    assertThat(cleanings).as("cleanings in all").isGreaterThan(SEEDS * 2L);
  }

  /** Histories that once failed. */
  @ParameterizedTest
  @ValueSource(longs = {1})
  void latestOfEachKeyStays_inAHistoryThatFailedBefore(long seed) {
    run(seed);
  }

  private static long run(long seed) {
    History history = new History(seed);
    try {
      for (int step = 0; step < STEPS; step++) {
        history.step();
        history.check();
      }
      history.finish();
      return history.cleanings;
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed=" + seed + " history=" + history.done, e);
    }
  }

  private static final class History {
    private final SplittableRandom random;
    private final LogFixture fixture;
    private long minLagMs;
    private final TreeMap<Long, Known> model = new TreeMap<>();
    private final Map<Long, Sent> sent = new HashMap<>();
    private final List<String> done = new ArrayList<>();
    private long highWatermark;
    private long durable;
    private int leaderEpoch = 1;
    private int producerEpoch;
    private int counter;
    private long cleanings;

    History(long seed) {
      random = new SplittableRandom(seed);
      minLagMs = random.nextInt(3) == 0 ? 300 : 0;
      fixture =
          new LogFixture(
              "cleanup.policy", "compact",
              "segment.bytes", "700",
              "index.interval.bytes", "90",
              "file.delete.delay.ms", "50",
              "min.cleanable.dirty.ratio", random.nextBoolean() ? "0" : "0.4",
              "delete.retention.ms", Long.toString(DELETE_RETENTION_MS),
              "min.compaction.lag.ms", Long.toString(minLagMs));
      long tail = random.nextBoolean() ? 0 : 1 << 20;
      // A small buffer holds few keys: some cleanings go only part of the way.
      long buffer = random.nextInt(3) == 0 ? 1024 : 1 << 20;
      fixture.managerConfig =
          new LogManagerConfig(
              LogConfig.DEFAULT,
              tail,
              86_400_000,
              300_000,
              300,
              new CleanerConfig(1, buffer, Double.MAX_VALUE, 100));
      fixture.reopen();
    }

    private long end() {
      return model.isEmpty() ? 0 : model.lastKey() + 1;
    }

    void step() {
      int dice = random.nextInt(100);
      if (dice < 38) {
        append();
      } else if (dice < 46) {
        note("append loop", fixture.appendLoop.runOne());
      } else if (dice < 54) {
        note("flush loop", fixture.flushLoop.runOne());
      } else if (dice < 66) {
        fixture.appendLoop.runOne();
        note("cleaner loop", fixture.cleanerLoop.runOne());
      } else if (dice < 76) {
        fixture.clock.advanceMillis(random.nextInt(200));
        note("time", true);
      } else if (dice < 81) {
        fixture.run();
        note("run all", true);
      } else if (dice < 90) {
        fixture.log.setHighWatermark(end() - random.nextLong(Math.min(3, end() + 1)));
        note("high watermark " + fixture.log.highWatermark(), true);
      } else if (dice < 92) {
        truncate();
      } else if (dice < 95) {
        repeatLast();
      } else {
        restart();
      }
      highWatermark = Math.max(highWatermark, fixture.log.highWatermark());
      durable = Math.max(durable, fixture.log.durableEndOffset());
    }

    private void note(String what, boolean happened) {
      if (happened) {
        done.add(what);
      }
    }

    private void append() {
      Compression codec = Compression.values()[random.nextInt(Compression.values().length)];
      RecordBatchBuilder builder =
          new RecordBatchBuilder(codec, Compression.DEFAULT_LEVEL, 1 << 20);
      leaderEpoch += random.nextInt(12) == 0 ? 1 : 0;
      long now = fixture.clock.wallMillis();
      int count = random.nextInt(1, 6);
      Map<Integer, Known> records = new HashMap<>();
      for (int i = 0; i < count; i++) {
        String key = "k" + random.nextInt(KEYS);
        String value = random.nextInt(4) == 0 ? null : "v" + counter++;
        builder.append(
            now + random.nextInt(-5, 5), bytes(key), value == null ? null : bytes(value));
        records.put(i, new Known(key, value, now, end() + count, leaderEpoch));
      }
      long producer = random.nextInt(3) == 0 ? random.nextInt(40, 43) : -1;
      int sequence = 0;
      if (producer >= 0) {
        Sent last = sent.get(producer);
        if (last != null && last.epoch() == producerEpoch) {
          sequence = last.sequence() + countOf(last);
        }
        builder.producerState(producer, (short) producerEpoch, sequence);
      }
      MemoryRecords batch = builder.build();
      AppendResult result = fixture.log.appendAsLeader(batch, leaderEpoch);
      assertThat(result).isInstanceOf(AppendResult.Appended.class);
      long base = ((AppendResult.Appended) result).baseOffset();
      assertThat(base).isEqualTo(end());
      records.forEach((index, record) -> model.put(base + index, record));
      if (producer >= 0) {
        sent.put(producer, new Sent(base, producerEpoch, sequence, batch));
      }
      note("append " + count + " at " + base + " " + codec, true);
    }

    private static int countOf(Sent last) {
      return last.records().batches().iterator().next().recordCount();
    }

    private static byte[] bytes(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    private void repeatLast() {
      for (Sent last : sent.values()) {
        if (last.epoch() == producerEpoch) {
          AppendResult result = fixture.log.appendAsLeader(last.records(), leaderEpoch);
          assertThat(result)
              .as("batch sent again, first at " + last.base())
              .isInstanceOf(AppendResult.Duplicate.class);
          assertThat(((AppendResult.Duplicate) result).baseOffset()).isEqualTo(last.base());
        }
      }
      note("repeat", true);
    }

    private void truncate() {
      // Never below what was once replicated, also when a restart has forgotten how far that was.
      long lowest = Math.min(end(), highWatermark);
      long offset = lowest + random.nextLong(end() - lowest + 1);
      fixture.log.truncateTo(offset);
      forget(fixture.log.logEndOffset(), offset);
      note("truncate " + offset, true);
    }

    /** The log ends here now. */
    private void forget(long end, long atMost) {
      assertThat(end).isLessThanOrEqualTo(atMost);
      model.tailMap(end, true).clear();
      highWatermark = Math.min(highWatermark, end);
      assertThat(end()).as("whole batches").isEqualTo(end);
      durable = Math.min(durable, end);
      if (sent.values().removeIf(last -> last.base() >= end)) {
        producerEpoch++; // what they sent before is not remembered here
      }
    }

    private void restart() {
      int kind = random.nextInt(4);
      note(List.of("stop", "kill", "power", "torn power").get(kind), true);
      cleanings += fixture.manager.cleanerStats().cleanings();
      if (random.nextBoolean()) {
        loseSnapshots();
      }
      switch (kind) {
        case 0 -> fixture.stopAndReopen();
        case 1 -> fixture.killAndReopen();
        case 2 -> fixture.crashAndReopen();
        default -> {
          fixture.disk.crash(random);
          fixture.reopen();
        }
      }
      long end = fixture.log.logEndOffset();
      assertThat(end).as("log end after a restart").isBetween(durable, end());
      forget(end, end());
      leaderEpoch = Math.max(leaderEpoch, fixture.log.latestEpoch());
    }

    /** What producers sent must then be found in the batches, as on a replica that copied them. */
    private void loseSnapshots() {
      try {
        String directory = LogFixture.ID.directoryName();
        for (String name : fixture.disk.list(directory)) {
          if (name.endsWith(".snapshot")) {
            fixture.disk.delete(directory + "/" + name);
          }
        }
        fixture.disk.syncDirectory(directory);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private List<Seen> readAll() {
      List<Seen> all = new ArrayList<>();
      PartitionLog log = fixture.log;
      long next = log.logStartOffset();
      long visible = log.logEndOffset();
      while (next < visible) {
        LogRead read = log.read(next, random.nextInt(1, 900), visible, true);
        LogRead.Data data = (LogRead.Data) read;
        assertThat(data.nextOffset()).as("read at " + next).isGreaterThan(next);
        for (RecordBatch batch : ((MemoryRecords) data.records()).batches()) {
          assertThat(batch.isCrcValid()).as("checksum of " + batch).isTrue();
          assertThat(batch.nextOffset()).isLessThanOrEqualTo(data.nextOffset());
          for (Record record : batch.records()) {
            if (record.offset() >= next) {
              all.add(
                  new Seen(
                      record.offset(),
                      Objects.requireNonNull(text(record.key())),
                      text(record.value())));
            }
          }
        }
        data.records().release();
        next = data.nextOffset();
      }
      return all;
    }

    private static @Nullable String text(java.nio.@Nullable ByteBuffer bytes) {
      return bytes == null ? null : StandardCharsets.UTF_8.decode(bytes).toString();
    }

    void check() {
      assertThat(fixture.log.isOffline()).isFalse();
      long now = fixture.clock.wallMillis();
      List<Seen> all = readAll();
      Set<Long> offsets = new HashSet<>();
      Map<String, Long> oldest = new HashMap<>();
      long before = -1;
      for (Seen seen : all) {
        assertThat(seen.offset()).as("order").isGreaterThan(before);
        before = seen.offset();
        Known known = model.get(seen.offset());
        if (known == null) {
          throw new AssertionError("nobody wrote the record at " + seen.offset());
        }
        assertThat(seen.key()).isEqualTo(known.key());
        assertThat(seen.value()).isEqualTo(known.value());
        offsets.add(seen.offset());
        oldest.putIfAbsent(seen.key(), seen.offset());
      }
      Map<String, Long> latest = new HashMap<>();
      model.forEach(
          (offset, known) -> {
            if (offset < fixture.log.logEndOffset()) {
              latest.put(known.key(), offset);
              boolean free = offset < highWatermark && now - known.appendedMs() + 5 >= minLagMs;
              assertThat(free || offsets.contains(offset)).as("untouchable " + offset).isTrue();
            }
          });
      latest.forEach(
          (key, offset) -> {
            if (!offsets.contains(offset)) {
              Known known = Objects.requireNonNull(model.get(offset));
              assertThat(known.value()).as("latest of " + key + " at " + offset).isNull();
              assertThat(now - known.appendedMs())
                  .as("age of the tombstone at " + offset)
                  .isGreaterThanOrEqualTo(DELETE_RETENTION_MS);
              assertThat(oldest).as("deleted key came back").doesNotContainKey(key);
            }
          });
      checkEpochs();
    }

    /** Every epoch ends where it ended when it was written. */
    private void checkEpochs() {
      Map<Integer, Long> ends = new TreeMap<>();
      model.forEach((offset, known) -> ends.put(known.epoch(), offset + 1));
      ends.forEach(
          (epoch, end) -> {
            EpochEnd answered = fixture.log.endOffsetForEpoch(epoch);
            if (epoch < fixture.log.latestEpoch()) {
              assertThat(answered).as("end of epoch " + epoch).isEqualTo(new EpochEnd(epoch, end));
            }
          });
    }

    /** With time, the sealed part has each key once, and no tombstone. */
    void finish() {
      fixture.run();
      fixture.log.reconfigure(
          fixture.config.with(
              Map.of("min.cleanable.dirty.ratio", "0", "min.compaction.lag.ms", "0")));
      minLagMs = 0;
      for (int i = 0; i < 40; i++) {
        if (i % 10 == 0) {
          fill();
        }
        fixture.clock.advanceMillis(150);
        fixture.run();
      }
      check();
      repeatLast();
      cleanings += fixture.manager.cleanerStats().cleanings();
      assertThat(fixture.manager.cleanerStats().uncleanablePartitions()).isZero();
      fixture.crashAndReopen();
      assertThat(fixture.log.logEndOffset()).isEqualTo(end());
      check();
      repeatLast();
      checkClean();
      fixture.manager.abandon();
    }

    /** Seals what is there, with a record that nobody else writes. */
    private void fill() {
      String value = "x".repeat(600);
      for (int i = 0; i < 2; i++) {
        long now = fixture.clock.wallMillis();
        MemoryRecords batch =
            new RecordBatchBuilder(1 << 20).append(now, bytes("filler"), bytes(value)).build();
        assertThat(fixture.log.appendAsLeader(batch, leaderEpoch).error())
            .isEqualTo(ErrorCode.NONE);
        model.put(end(), new Known("filler", value, now, end() + 1, leaderEpoch));
      }
      fixture.run();
      fixture.log.setHighWatermark(end());
      highWatermark = end();
    }

    /** Nothing is in memory any more that the files do not have. */
    private void checkClean() {
      List<Segment> segments = ((SegmentedLog) fixture.log).segments();
      long sealed = segments.get(segments.size() - 1).baseOffset();
      Set<String> keys = new HashSet<>();
      for (Seen seen : readAll()) {
        if (seen.offset() < sealed) {
          assertThat(keys.add(seen.key())).as("second record of " + seen.key()).isTrue();
          assertThat(seen.value()).as("tombstone at " + seen.offset()).isNotNull();
        }
      }
    }
  }
}
