package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.log.simulated.Batches;
import io.millrace.log.storage.LogFile;
import io.millrace.protocol.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LogRecoveryTest {

  private static final String FIRST_SEGMENT = "orders-3/00000000000000000000.log";

  @Test
  void durableRecords_surviveALossOfPower() {
    LogFixture fixture = new LogFixture("segment.bytes", "300");
    for (int i = 0; i < 12; i++) {
      fixture.append("v" + i);
    }
    fixture.log.appendAsLeader(Batches.of(1, "unflushed"), LogFixture.EPOCH);
    fixture.appendLoop.runOne();

    fixture.crashAndReopen();

    assertThat(fixture.log.logEndOffset()).isEqualTo(12);
    assertThat(fixture.values()).hasSize(12).startsWith("v0").endsWith("v11");
    assertThat(fixture.log.latestEpoch()).isEqualTo(LogFixture.EPOCH);
  }

  @Test
  void unflushedRecords_surviveAKilledProcess() {
    LogFixture fixture = new LogFixture();
    fixture.log.appendAsLeader(Batches.of(1, "unflushed"), LogFixture.EPOCH);
    fixture.appendLoop.runOne();

    fixture.killAndReopen();

    assertThat(fixture.values()).containsExactly("unflushed");
    assertThat(fixture.log.durableEndOffset()).isEqualTo(1);
  }

  @Test
  void tornTail_isCut() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.append("b");
    try (LogFile file = fixture.disk.open(FIRST_SEGMENT, false)) {
      file.write(ByteBuffer.allocate(33), file.size());
    }

    fixture.killAndReopen();
    fixture.append("c");

    assertThat(fixture.values()).containsExactly("a", "b", "c");
  }

  @Test
  void wrongChecksumBeyondTheRecoveryPoint_isCutAndNeverServed() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.append("b");
    fixture.disk.corrupt(FIRST_SEGMENT, fixture.log.sizeInBytes() - 1);

    fixture.killAndReopen();

    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void damageBelowTheRecoveryPoint_isAnErrorThatNamesThePath() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.append("b");
    fixture.clock.advanceMillis(10_000); // lets the checkpoint be written
    fixture.run();
    fixture.disk.corrupt(FIRST_SEGMENT, 16); // the magic of the first batch

    assertThatThrownBy(fixture::killAndReopen)
        .isInstanceOf(LogStorageException.class)
        .hasMessageContaining(FIRST_SEGMENT)
        .hasMessageContaining("recovery point 2");
  }

  /** In several segments, and a checkpoint knows of them. */
  private static LogFixture eightFlushedRecords() {
    LogFixture fixture = new LogFixture("segment.bytes", "200");
    for (int i = 0; i < 8; i++) {
      fixture.append("v" + i);
    }
    fixture.clock.advanceMillis(10_000); // a checkpoint
    fixture.run();
    return fixture;
  }

  @Test
  void damageBelowTheRecoveryPoint_isRefusedAtEveryStart() throws IOException {
    LogFixture fixture = eightFlushedRecords();
    fixture.disk.corrupt(FIRST_SEGMENT, 16);
    fixture.disk.delete("orders-3/00000000000000000000.index"); // so that it is walked

    for (int start = 0; start < 4; start++) {
      fixture.disk.kill();
      assertThatThrownBy(fixture::reopen).hasMessageContaining("below the recovery point 8");
      fixture.clock.advanceMillis(10_000);
      fixture.run();
      if (start % 2 == 1) {
        fixture.manager.shutdown();
        fixture.run();
      }
    }
  }

  @Test
  void damageOfASegmentThatIsNotWalked_isToldToWhoeverReadsThere_andToNobodyElse()
      throws IOException {
    LogFixture fixture = eightFlushedRecords();
    fixture.disk.corrupt(FIRST_SEGMENT, 16); // the magic
    try (LogFile second = fixture.disk.open("orders-3/00000000000000000002.log", false)) {
      second.truncate(second.size() / 2);
    }

    fixture.killAndReopen();

    assertThat(fixture.log.logEndOffset()).isEqualTo(8);
    for (long offset : List.of(0L, 1L, 3L)) {
      assertThat(fixture.log.read(offset, 100, Long.MAX_VALUE, true))
          .isInstanceOfSatisfying(
              LogRead.Failed.class,
              failed -> {
                assertThat(failed.code()).isEqualTo(ErrorCode.KAFKA_STORAGE_ERROR);
                assertThat(failed.reason()).contains("orders-3", "no batch for offset " + offset);
              });
    }
    assertThat(fixture.valuesFrom(4)).hasSize(4);
  }

  @Test
  void missingSegmentBelowTheRecoveryPoint_isRefusedAndNothingIsDropped() throws IOException {
    LogFixture fixture = eightFlushedRecords();
    fixture.disk.rename("orders-3/00000000000000000002.log", "elsewhere");
    fixture.disk.delete("orders-3/00000000000000000000.index"); // so that the one before is walked

    assertThatThrownBy(fixture::killAndReopen)
        .hasMessageContaining("lacks the offsets from 2 to 4");

    fixture.disk.rename("elsewhere", "orders-3/00000000000000000002.log");
    fixture.killAndReopen();
    assertThat(fixture.values()).hasSize(8);
  }

  @Test
  void damagedNameOfALogThatWasFlushed_isRefusedAndNothingIsRemoved() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.clock.advanceMillis(10_000); // a checkpoint
    fixture.run();
    fixture.disk.corrupt("orders-3/partition.metadata", 0);

    assertThatThrownBy(fixture::killAndReopen).hasMessageContaining("partition.metadata");

    fixture.disk.corrupt("orders-3/partition.metadata", 0); // the same bit again
    fixture.killAndReopen();
    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void damagedIndex_isRebuilt() throws IOException {
    LogFixture fixture = new LogFixture("segment.bytes", "300", "index.interval.bytes", "0");
    for (int i = 0; i < 12; i++) {
      fixture.append("v" + i);
    }
    fixture.manager.shutdown();
    fixture.run();
    fixture.disk.corrupt("orders-3/00000000000000000000.index", 5);

    fixture.reopen();

    assertThat(fixture.values()).hasSize(12);
  }

  @Test
  void cleanStop_keepsOffsetsAndNeedsNoWalk() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.append("b");
    fixture.log.setHighWatermark(2);
    fixture.manager.shutdown();
    fixture.run();
    assertThat(fixture.disk.list("")).contains(".clean-shutdown", "offsets-checkpoint");

    fixture.reopen();

    assertThat(fixture.log.highWatermark()).isEqualTo(2);
    assertThat(fixture.values()).containsExactly("a", "b");
    assertThat(fixture.disk.list("")).doesNotContain(".clean-shutdown");
    fixture.append("c");
    fixture.crashAndReopen();
    assertThat(fixture.values()).containsExactly("a", "b", "c");
  }

  @Test
  void logThatWasNeverFlushed_mayVanish() {
    LogFixture fixture = new LogFixture();

    fixture.crashAndReopen();

    assertThat(fixture.log.logEndOffset()).isZero();
    fixture.append("a");
    fixture.crashAndReopen();
    assertThat(fixture.values()).containsExactly("a");
  }
}
