package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ThreadEventLoop;
import io.millrace.log.storage.FileLogStorage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.FileRecords;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.Records;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Readers on threads of their own, reading a log from its start again and again while its segments
 * are replaced, on real files and loops. Value {@code n} of key {@code n % KEYS} is at offset n, so
 * each reader can tell what it must see.
 */
@Timeout(120)
final class CompactionReadTest {

  private static final int KEYS = 50;
  private static final int TURNS = 4;
  private static final int BATCHES = 800;

  @Test
  void readersBesideTheCleaner_seeTheLatestOfEachKeyAndNothingWrong(@TempDir Path directory)
      throws Exception {
    Clock clock = Clock.system();
    LogConfig config =
        LogFixture.settings(
            "cleanup.policy", "compact",
            "segment.bytes", "20000",
            "index.interval.bytes", "500",
            "min.cleanable.dirty.ratio", "0",
            "file.delete.delay.ms", "1",
            "flush.before.ack", "true");
    try (ThreadEventLoop append = loop("append", clock);
        ThreadEventLoop flush = loop("flush", clock);
        ThreadEventLoop cleaner = loop("cleaner", clock)) {
      LogManager manager =
          LogManager.open(
              new LogManagerConfig(
                  config,
                  0,
                  86_400_000,
                  300_000,
                  20,
                  new CleanerConfig(1, 1 << 20, Double.MAX_VALUE, 1)),
              List.of(
                  new LogDirectory(
                      FileLogStorage.at(directory), append, List.of(flush), List.of(cleaner))),
              clock);
      PartitionLog log =
          manager.getOrCreate(new TopicPartitionId(new Uuid(5, 6), "read", 0), config);
      append.execute(() -> log.onDurable(log::setHighWatermark));
      AtomicBoolean stop = new AtomicBoolean();
      List<CompletableFuture<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        readers.add(CompletableFuture.supplyAsync(() -> readUntil(log, stop)));
      }
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      int number = 0;
      for (int turn = 1; turn <= TURNS; turn++) {
        for (int i = 0; i < BATCHES; i++) {
          MemoryRecords batch = batch(number++);
          append.execute(() -> log.appendAsLeader(batch, 1));
        }
        while (manager.cleanerStats().cleanings() < turn) {
          assertThat(System.nanoTime()).as("cleaned in time").isLessThan(deadline);
          Thread.onSpinWait();
        }
      }
      stop.set(true);
      for (CompletableFuture<Integer> reader : readers) {
        assertThat(reader.get(60, TimeUnit.SECONDS)).as("rounds").isPositive();
      }
      assertThat(manager.cleanerStats().uncleanablePartitions()).isZero();
      assertThat(log.isOffline()).isFalse();
      manager.shutdown().get(20, TimeUnit.SECONDS);
    }
  }

  private static ThreadEventLoop loop(String name, Clock clock) {
    return new ThreadEventLoop(name, clock, (loop, cause) -> cause.printStackTrace());
  }

  private static MemoryRecords batch(int number) {
    return new RecordBatchBuilder(1 << 20)
        .append(
            1 + number,
            ("k" + number % KEYS).getBytes(StandardCharsets.UTF_8),
            ("value-" + number).repeat(1 + number % 7).getBytes(StandardCharsets.UTF_8))
        .build();
  }

  private static int readUntil(PartitionLog log, AtomicBoolean stop) {
    int rounds = 0;
    while (!stop.get() || rounds == 0) {
      readOnce(log);
      rounds++;
    }
    return rounds;
  }

  private static void readOnce(PartitionLog log) {
    long end = log.logEndOffset();
    Map<String, Long> latest = new HashMap<>();
    long next = 0;
    while (next < end) {
      LogRead read = log.read(next, 3_000, end, true);
      assertThat(read).as("read at " + next).isInstanceOf(LogRead.Data.class);
      LogRead.Data data = (LogRead.Data) read;
      MemoryRecords records = inMemory(data.records());
      if (records == null) {
        continue; // its file was given back before it was read, as after file.delete.delay.ms
      }
      assertThat(data.nextOffset()).isGreaterThan(next);
      for (RecordBatch batch : records.batches()) {
        assertThat(batch.isCrcValid()).isTrue();
        for (Record record : batch.records()) {
          String key = text(record.key());
          String value = "value-" + record.offset();
          assertThat(text(record.value())).isEqualTo(value.repeat((int) (1 + record.offset() % 7)));
          assertThat(key).isEqualTo("k" + record.offset() % KEYS);
          latest.put(key, record.offset());
        }
      }
      next = data.nextOffset();
    }
    // Whoever was the latest when this reading began was there, or was superseded while it went on.
    for (long offset = Math.max(0, end - KEYS); offset < end; offset++) {
      assertThat(latest.get("k" + offset % KEYS)).isEqualTo(offset);
    }
  }

  private static String text(@Nullable ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(Objects.requireNonNull(bytes)).toString();
  }

  private static @Nullable MemoryRecords inMemory(Records records) {
    if (records instanceof MemoryRecords memory) {
      return memory;
    }
    FileRecords file = (FileRecords) records;
    ByteBuffer bytes = ByteBuffer.allocate(file.sizeInBytes());
    try {
      while (bytes.hasRemaining()) {
        int read = file.channel().read(bytes, file.position() + bytes.position());
        assertThat(read).isPositive();
      }
    } catch (IOException closed) {
      return null;
    }
    return MemoryRecords.wrap(bytes.flip());
  }
}
