package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ThreadEventLoop;
import io.millrace.log.simulated.Batches;
import io.millrace.log.storage.FileLogStorage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.FileRecords;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Records;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Readers on their own threads beside the appends, over chunk evictions and segment rolls. */
@Timeout(60)
final class ConcurrentReadTest {

  private static final int BATCHES = 4_000;

  @Test
  void readersBesideTheAppender_seeEveryRecordOnceAndInOrder(@TempDir Path directory)
      throws Exception {
    Clock clock = Clock.system();
    LogConfig config = LogFixture.settings("segment.bytes", "30000", "flush.before.ack", "false");
    try (ThreadEventLoop append =
            new ThreadEventLoop("append", clock, (loop, cause) -> cause.printStackTrace());
        ThreadEventLoop flush =
            new ThreadEventLoop("flush", clock, (loop, cause) -> cause.printStackTrace())) {
      LogManager manager =
          LogManager.open(
              new LogManagerConfig(config, 40_000, 86_400_000, 300_000, 20),
              List.of(new LogDirectory(FileLogStorage.at(directory), append, flush)),
              clock);
      PartitionLog log =
          manager.getOrCreate(new TopicPartitionId(new Uuid(5, 6), "read", 0), config);
      List<CompletableFuture<Void>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        readers.add(CompletableFuture.runAsync(() -> readAll(log)));
      }
      for (int i = 0; i < BATCHES; i++) {
        MemoryRecords batch = Batches.of(1, "value-" + i);
        append.execute(() -> log.appendAsLeader(batch, 1));
      }
      for (CompletableFuture<Void> reader : readers) {
        reader.get(50, TimeUnit.SECONDS);
      }
      manager.shutdown().get(10, TimeUnit.SECONDS);
    }
  }

  private static void readAll(PartitionLog log) {
    long next = 0;
    while (next < BATCHES) {
      long end = log.logEndOffset();
      LogRead.Data data = (LogRead.Data) log.read(next, 2_000, end, true);
      if (next < end) {
        assertThat(data.nextOffset()).isBetween(next + 1, end);
      }
      for (String value : Batches.values(inMemory(data.records()))) {
        assertThat(value).isEqualTo("value-" + next);
        next++;
      }
      Thread.onSpinWait();
    }
  }

  private static MemoryRecords inMemory(Records records) {
    if (records instanceof MemoryRecords memory) {
      return memory;
    }
    FileRecords file = (FileRecords) records;
    ByteBuffer bytes = ByteBuffer.allocate(file.sizeInBytes());
    try {
      while (bytes.hasRemaining()) {
        assertThat(file.channel().read(bytes, file.position() + bytes.position())).isPositive();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return MemoryRecords.wrap(bytes.flip());
  }
}
