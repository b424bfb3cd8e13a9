package io.millrace.log;

import static io.millrace.log.CompactedLog.clean;
import static io.millrace.log.CompactedLog.forty;
import static io.millrace.log.CompactedLog.offsets;
import static io.millrace.log.CompactedLog.put;
import static io.millrace.log.CompactedLog.seal;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import io.millrace.log.simulated.ManualLoop;
import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** When the cleaner works on a log, and what becomes of a cleaning that cannot go on. */
final class LogCleanerTest {

  @Test
  void progress_survivesARestart() {
    // given
    LogFixture fixture = forty();
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
    LogFixture fixture = forty();
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
    LogFixture fixture = CompactedLog.open();
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
    LogFixture fixture = forty();
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
    LogFixture fixture = forty();
    fixture.disk.failForces(true);

    // when
    clean(fixture);

    // then: as after any failed flush, nothing can be promised any more
    assertThat(fixture.log.isOffline()).isTrue();
  }

  @Test
  void cleaningThatBreaks_isTriedAgainLater() {
    // given
    LogFixture fixture = forty();
    fixture.disk.breakForces(true);
    fixture.clock.advanceMillis(150);
    fixture.run();
    assertThat(fixture.manager.cleanerStats().uncleanablePartitions()).isEqualTo(1);
    fixture.disk.breakForces(false);

    // when
    fixture.clock.advanceMillis(600_000);
    clean(fixture);

    // then
    assertThat(fixture.manager.cleanerStats().cleanings()).isEqualTo(1);
    assertThat(offsets(fixture)).startsWith(37L, 38L, 39L);
  }

  @Test
  void limitOnBytesPerSecond_slowsACleaningDown() {
    // given
    LogFixture fixture = CompactedLog.open();
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
  void cleaningOfADirectoryThatFails_givesItsMemoryBack_whereverItIs() {
    boolean cleaned = false;
    for (int steps = 0; !cleaned; steps++) {
      assertThat(steps).isLessThan(10_000);
      // given
      LogFixture fixture = CompactedLog.open();
      fixture.managerConfig =
          fixture.managerConfig.withCleaner(new CleanerConfig(1, 1024, Double.MAX_VALUE, 100));
      fixture.reopen();
      for (int i = 0; i < 40; i++) { // so many that the keys may take the whole buffer
        put(fixture, "k" + i % 10, "v" + i);
      }
      seal(fixture);
      fixture.clock.advanceMillis(150);
      fixture.runSteps(steps);
      cleaned = fixture.manager.cleanerStats().cleanings() > 0;

      // when
      fixture.disk.limitBytes(1);
      fixture.log.appendAsLeader(Batches.of(1, "no room"), LogFixture.EPOCH);
      ManualLoop.runAll(fixture.appendLoop);
      assertThat(fixture.log.isOffline()).as("after %d steps", steps).isTrue();
      fixture.disk.limitBytes(Long.MAX_VALUE);
      fixture.run();
      fixture.manager.reopen("disk-a");
      fixture.run();
      fixture.log = fixture.manager.getOrCreate(LogFixture.ID, fixture.config, false);
      put(fixture, "k", "v");
      seal(fixture);
      clean(fixture);

      // then
      assertThat(fixture.manager.cleanerStats().cleanings())
          .as("after %d steps", steps)
          .isPositive();
    }
  }

  @Test
  void stopInTheMiddleOfACleaning_isCleanAndLosesNothing_whereverItComes() throws IOException {
    boolean cleaned = false;
    for (int steps = 0; !cleaned; steps++) {
      assertThat(steps).isLessThan(10_000);
      LogFixture fixture = forty();
      fixture.clock.advanceMillis(150);
      fixture.runSteps(steps);
      cleaned = fixture.manager.cleanerStats().cleanings() > 0;

      fixture.manager.shutdown();
      fixture.run();
      assertThat(fixture.disk.exists(".clean-shutdown")).as("after %d steps", steps).isTrue();
      fixture.killAndReopen();

      assertThat(offsets(fixture)).as("after %d steps", steps).contains(37L, 38L, 39L, 40L, 41L);
    }
  }

  @Test
  void policyTakenBack_endsCleaning() {
    // given
    LogFixture fixture = CompactedLog.open();
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
