package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories of append, flush, truncate, retain, stop, kill and loss of power against the
 * simplest model of a log: a list of batches. A failure names its seed.
 */
final class LogHistoryPropertyTest {

  private static final int SEEDS = Integer.getInteger("millrace.seeds", 150);
  private static final int STEPS = 120;
  private static final long PRODUCER = 42;

  /** One batch of the model; sequence -1 when it has no producer. */
  private record Batch(long base, List<String> values, int sequence, int producerEpoch) {
    long end() {
      return base + values.size();
    }
  }

  @Test
  void noDurableRecordIsLost_inAnyHistory() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      run(seed);
    }
  }

  /** Histories that once failed. */
  @ParameterizedTest
  @ValueSource(longs = {5, 257})
  void noDurableRecordIsLost_inAHistoryThatFailedBefore(long seed) {
    run(seed);
  }

  private static void run(long seed) {
    History history = new History(seed);
    try {
      for (int step = 0; step < STEPS; step++) {
        history.step();
        history.check();
      }
      history.finish();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed=" + seed + " history=" + history.done, e);
    }
  }

  private static final class History {
    private final SplittableRandom random;
    private final LogFixture fixture =
        new LogFixture(
            "segment.bytes", "400", "index.interval.bytes", "90", "file.delete.delay.ms", "50");
    private final List<Batch> model = new ArrayList<>();
    private final List<String> done = new ArrayList<>();
    private long durable;
    private int sequence;
    private int producerEpoch;
    private int leaderEpoch = 1;
    private int counter;

    History(long seed) {
      random = new SplittableRandom(seed);
      if (random.nextInt(4) == 0) {
        fixture.managerConfig =
            new LogManagerConfig(LogConfig.DEFAULT, 0, 86_400_000, 300_000, 300);
        fixture.reopen();
      }
    }

    private long end() {
      return model.isEmpty() ? 0 : model.get(model.size() - 1).end();
    }

    void step() {
      int dice = random.nextInt(100);
      if (dice < 30) {
        append();
      } else if (dice < 38) {
        appendIdempotent();
      } else if (dice < 42) {
        repeatLast();
      } else if (dice < 55) {
        note("append loop", fixture.appendLoop.runOne());
      } else if (dice < 67) {
        note("flush loop", fixture.flushLoop.runOne());
      } else if (dice < 75) {
        fixture.clock.advanceMillis(random.nextInt(400));
        fixture.run();
        note("run all", true);
      } else if (dice < 80) {
        truncate();
      } else if (dice < 85) {
        fixture.log.setHighWatermark(random.nextLong(end() + 1));
        note("high watermark " + fixture.log.highWatermark(), true);
      } else if (dice < 88) {
        fixture.log.reconfigure(
            LogFixture.settings("segment.bytes", "400", "retention.bytes", "700"));
        fixture.manager.retain();
        note("retain", true);
      } else if (dice < 90) {
        fixture.log.advanceLogStart(random.nextLong(end() + 1));
        note("log start " + fixture.log.logStartOffset(), true);
      } else {
        restart();
      }
      durable = Math.max(durable, fixture.log.durableEndOffset());
    }

    private void note(String what, boolean happened) {
      if (happened) {
        done.add(what);
      }
    }

    private List<String> someValues() {
      List<String> values = new ArrayList<>();
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        values.add("v" + counter++);
      }
      return values;
    }

    private void append() {
      List<String> values = someValues();
      leaderEpoch += random.nextInt(8) == 0 ? 1 : 0;
      MemoryRecords records = Batches.of(fixture.clock.wallMillis(), values.toArray(String[]::new));
      AppendResult result = fixture.log.appendAsLeader(records, leaderEpoch);
      assertThat(result).isInstanceOf(AppendResult.Appended.class);
      assertThat(((AppendResult.Appended) result).baseOffset()).isEqualTo(end());
      model.add(new Batch(end(), values, -1, -1));
      note("append " + values.size(), true);
    }

    private AppendResult send(int epoch, int firstSequence, List<String> values) {
      MemoryRecords records =
          Batches.ofProducer(
              PRODUCER,
              epoch,
              firstSequence,
              fixture.clock.wallMillis(),
              values.toArray(String[]::new));
      return fixture.log.appendAsLeader(records, leaderEpoch);
    }

    private void appendIdempotent() {
      if (random.nextInt(6) == 0) {
        producerEpoch++;
        sequence = 0;
      }
      List<String> values = someValues();
      AppendResult result = send(producerEpoch, sequence, values);
      assertThat(result.error()).isEqualTo(ErrorCode.NONE);
      model.add(new Batch(end(), values, sequence, producerEpoch));
      sequence += values.size();
      note("send " + values.size(), true);
    }

    private Batch lastSent() {
      for (int i = model.size() - 1; i >= 0; i--) {
        if (model.get(i).sequence() >= 0) {
          return model.get(i);
        }
      }
      return new Batch(0, List.of(), -1, -1);
    }

    private void repeatLast() {
      Batch last = lastSent();
      if (last.sequence() >= 0 && last.base() >= fixture.log.logStartOffset()) {
        AppendResult result = send(last.producerEpoch(), last.sequence(), last.values());
        assertThat(result).isInstanceOf(AppendResult.Duplicate.class);
        assertThat(((AppendResult.Duplicate) result).baseOffset()).isEqualTo(last.base());
        note("repeat " + last.base(), true);
      }
    }

    private void truncate() {
      long lowest = fixture.log.highWatermark();
      long offset = lowest + random.nextLong(end() - lowest + 1);
      fixture.log.truncateTo(offset);
      model.removeIf(batch -> batch.end() > offset);
      durable = Math.min(durable, end());
      continueProducer();
      note("truncate " + offset, true);
    }

    /** The producer goes on behind what is in the log, as after an error it learned of. */
    private void continueProducer() {
      producerEpoch++;
      sequence = 0;
    }

    private void restart() {
      int kind = random.nextInt(4);
      note(List.of("stop", "kill", "power", "torn power").get(kind), true);
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
      if (kind == 0) {
        assertThat(end).isEqualTo(end());
      }
      model.removeIf(batch -> batch.end() > end);
      assertThat(end()).as("whole batches").isEqualTo(end);
      leaderEpoch = Math.max(leaderEpoch, fixture.log.latestEpoch());
      continueProducer();
    }

    /** What can be read is what the model has, batch by batch. */
    void check() {
      PartitionLog log = fixture.log;
      assertThat(log.isOffline()).isFalse();
      assertThat(log.logStartOffset()).isLessThanOrEqualTo(log.highWatermark());
      assertThat(log.highWatermark()).isLessThanOrEqualTo(log.logEndOffset());
      assertThat(log.durableEndOffset()).isLessThanOrEqualTo(log.logEndOffset());
      long from = log.logStartOffset();
      if (from < log.logEndOffset()) {
        from += random.nextLong(log.logEndOffset() - from);
        checkRead(from, random.nextInt(1, 600));
      }
    }

    private void checkRead(long from, int maxBytes) {
      LogRead read = fixture.log.read(from, maxBytes, fixture.log.logEndOffset(), true);
      LogRead.Data data = (LogRead.Data) read;
      List<String> expected = new ArrayList<>();
      for (Batch batch : model) {
        if (batch.end() > from && batch.base() < data.nextOffset()) {
          expected.addAll(batch.values());
        }
      }
      assertThat(Batches.values(data.records()))
          .as("values from " + from)
          .isEqualTo(expected)
          .isNotEmpty();
    }

    void finish() {
      fixture.run();
      assertThat(fixture.log.durableEndOffset()).isEqualTo(end());
      for (long from = fixture.log.logStartOffset(); from < end(); from++) {
        checkRead(from, 200);
      }
      fixture.crashAndReopen();
      assertThat(fixture.log.logEndOffset()).isEqualTo(end());
      fixture.manager.abandon();
    }
  }
}
