package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.log.simulated.Batches;
import io.millrace.log.simulated.ManualLoop;
import io.millrace.log.simulated.SimulatedStorage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

final class LogFailureTest {

  @Test
  void failedFlush_takesTheDirectoryOfflineForGood() {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    List<String> heard = new ArrayList<>();
    fixture.log.onOffline(heard::add);

    fixture.disk.failForces(true);
    fixture.append("b");
    fixture.disk.failForces(false);
    AppendResult later = fixture.append("c");

    assertThat(heard).singleElement().asString().contains("disk-a");
    assertThat(later.error()).isEqualTo(ErrorCode.KAFKA_STORAGE_ERROR);
    assertThat(fixture.log.read(0, 100, 9, true).error()).isEqualTo(ErrorCode.KAFKA_STORAGE_ERROR);
    assertThat(fixture.log.durableEndOffset()).isEqualTo(1);
    assertThat(fixture.manager.onlineDirectories()).isEmpty();
    assertThat(fixture.manager.offlineDirectories()).containsExactly("disk-a");
  }

  @Test
  void fullDisk_namesThePathAndClaimsNothing() {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    List<String> heard = new ArrayList<>();
    fixture.log.onOffline(heard::add);

    fixture.disk.limitBytes(100);
    fixture.append("b");

    assertThat(heard)
        .singleElement()
        .asString()
        .contains("disk-a/orders-3/")
        .contains("No space left");
    assertThat(fixture.log.durableEndOffset()).isEqualTo(1);
  }

  @Test
  void fullDisk_isOpenedAgainOnceItHasRoom_withAllThatWasDurable() {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.disk.limitBytes(fixture.disk.usedBytes() + 2);
    fixture.append("b");
    PartitionLog before = fixture.log;
    assertThat(fixture.manager.directories()).singleElement().matches(DirectoryStatus::full);
    assertThat(fixture.manager.directories().get(0).hasRoomAgain()).isFalse();

    fixture.disk.limitBytes(1 << 20);
    assertThat(fixture.manager.directories().get(0).hasRoomAgain()).isTrue();
    long memoryBefore = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
    var reopened = fixture.manager.reopen("disk-a");
    fixture.run();
    assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory()).isLessThan(memoryBefore);
    fixture.log = fixture.manager.getOrCreate(LogFixture.ID, fixture.config, false);

    assertThat(reopened).isCompleted();
    assertThat(before.isOffline()).isTrue();
    assertThat(fixture.manager.offlineDirectories()).isEmpty();
    assertThat(fixture.values()).containsExactly("a");
    fixture.append("c");
    fixture.disk.crash();
    fixture.reopen();
    assertThat(fixture.values()).containsExactly("a", "c");
  }

  @Test
  void fullDisk_staysOfflineWhenThereIsStillNoRoom() {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.disk.limitBytes(1);
    fixture.append("b");

    var reopened = fixture.manager.reopen("disk-a");
    fixture.run();

    assertThat(reopened).isCompletedExceptionally();
    assertThat(fixture.manager.offlineDirectories()).containsExactly("disk-a");
    assertThat(fixture.log.isOffline()).isTrue();
  }

  @Test
  void fullDisk_thatFailsWhileItIsOpenedAgain_isNotTakenIntoServiceWithoutItsLogs() {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.disk.limitBytes(fixture.disk.usedBytes() + 2);
    fixture.append("b");
    fixture.disk.limitBytes(1 << 20);

    fixture.disk.failWrites(true);
    var failing = fixture.manager.reopen("disk-a");
    fixture.run();
    fixture.disk.failWrites(false);

    assertThat(failing).isCompletedExceptionally();
    assertThat(fixture.manager.offlineDirectories()).containsExactly("disk-a");
    var reopened = fixture.manager.reopen("disk-a");
    fixture.run();
    fixture.log = fixture.manager.getOrCreate(LogFixture.ID, fixture.config, false);
    assertThat(reopened).isCompleted();
    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void recreatedTopic_isMadeWhereALogOfTheEarlierOneIsDamaged() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.clock.advanceMillis(10_000); // a checkpoint calls it flushed
    fixture.run();
    fixture.disk.corrupt(LogFixture.ID.directoryName() + "/00000000000000000000.log", 16);
    fixture.disk.kill();
    fixture.appendLoop.clear();
    fixture.flushLoop.clear();
    fixture.manager.abandon();
    LogManager manager =
        LogManager.open(
            LogManagerConfig.DEFAULT,
            List.of(new LogDirectory(fixture.disk, fixture.appendLoop, fixture.flushLoop)),
            fixture.clock);

    assertThatThrownBy(() -> manager.getOrCreate(LogFixture.ID, LogConfig.DEFAULT))
        .hasMessageContaining("cannot be recovered");
    TopicPartitionId next = new TopicPartitionId(new Uuid(8, 9), LogFixture.ID.topic(), 3);
    assertThat(manager.getOrCreate(next, LogConfig.DEFAULT).logEndOffset()).isZero();

    // and the damaged one is forgotten
    manager.shutdown();
    fixture.run();
    assertThat(new OffsetsCheckpoint(fixture.disk).read())
        .hasEntrySatisfying(next.directoryName(), entry -> assertThat(entry.id()).isEqualTo(next));
    assertThat(fixture.disk.exists(".clean-shutdown")).isTrue();
  }

  @Test
  void failedFlush_isNotOpenedAgain_forTheKernelMayHaveDroppedThePages() {
    LogFixture fixture = new LogFixture();
    fixture.disk.failForces(true);
    fixture.append("a");
    fixture.disk.failForces(false);

    var reopened = fixture.manager.reopen("disk-a");
    fixture.run();

    assertThat(reopened).isCompletedExceptionally();
    assertThat(fixture.manager.directories()).singleElement().matches(one -> !one.full());
  }

  @Test
  void replicaThatMayLieInAMissingDirectory_isNotMadeAnew() {
    LogFixture fixture = new LogFixture();
    fixture.manager.shutdown();
    fixture.run();
    LogManager manager =
        LogManager.open(
            LogManagerConfig.DEFAULT,
            List.of(
                new LogDirectory(
                    new SimulatedStorage("disk-b"), fixture.appendLoop, fixture.flushLoop)),
            Map.of("disk-a", "permission denied"),
            fixture.clock);

    assertThatThrownBy(() -> manager.getOrCreate(LogFixture.ID, LogConfig.DEFAULT, false))
        .isInstanceOf(LogStorageException.class)
        .hasMessageContaining("disk-a");
    assertThat(manager.getOrCreate(LogFixture.ID, LogConfig.DEFAULT, true).isOffline()).isFalse();
    assertThat(manager.offlineDirectories()).containsExactly("disk-a");
  }

  @Test
  void replicaFoundTwice_isServedFromTheLogThatReachesFurther() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.manager.shutdown();
    fixture.run();
    SimulatedStorage second = new SimulatedStorage("disk-b");
    LogManager elsewhere =
        LogManager.open(
            LogManagerConfig.DEFAULT,
            List.of(new LogDirectory(second, fixture.appendLoop, fixture.flushLoop)),
            fixture.clock);
    PartitionLog further = elsewhere.getOrCreate(LogFixture.ID, LogConfig.DEFAULT);
    further.appendAsLeader(Batches.of(1, "x", "y"), LogFixture.EPOCH);
    ManualLoop.runAll(fixture.appendLoop, fixture.flushLoop);
    elsewhere.shutdown();
    fixture.run();

    for (List<SimulatedStorage> order :
        List.of(List.of(fixture.disk, second), List.of(second, fixture.disk))) {
      LogManager both =
          LogManager.open(
              LogManagerConfig.DEFAULT,
              order.stream()
                  .map(disk -> new LogDirectory(disk, fixture.appendLoop, fixture.flushLoop))
                  .toList(),
              fixture.clock);
      assertThat(both.logs()).singleElement().matches(log -> log.logEndOffset() == 2);
      both.shutdown();
      fixture.run();
    }
    assertThat(fixture.disk.list("")).anyMatch(name -> name.endsWith("-stray"));
  }

  @Test
  void otherDirectories_goOn() {
    LogFixture fixture = new LogFixture();
    fixture.manager.shutdown();
    fixture.run();
    SimulatedStorage second = new SimulatedStorage("disk-b");
    LogManager manager =
        LogManager.open(
            LogManagerConfig.DEFAULT,
            List.of(
                new LogDirectory(fixture.disk, fixture.appendLoop, fixture.flushLoop),
                new LogDirectory(second, fixture.appendLoop, fixture.flushLoop)),
            fixture.clock);
    PartitionLog other =
        manager.getOrCreate(new TopicPartitionId(new Uuid(1, 2), "orders", 4), LogConfig.DEFAULT);
    PartitionLog failing = manager.getOrCreate(LogFixture.ID, LogConfig.DEFAULT);
    fixture.disk.failWrites(true);

    failing.appendAsLeader(Batches.of(1, "a"), 0);
    other.appendAsLeader(Batches.of(1, "b"), 0);
    ManualLoop.runAll(fixture.appendLoop, fixture.flushLoop);

    assertThat(failing.isOffline()).isTrue();
    assertThat(other.durableEndOffset()).isEqualTo(1);
  }

  @Test
  void secondProcess_isRefusedByName() {
    LogFixture fixture = new LogFixture();

    assertThatThrownBy(
            () ->
                LogManager.open(
                    LogManagerConfig.DEFAULT,
                    List.of(new LogDirectory(fixture.disk, fixture.appendLoop, fixture.flushLoop)),
                    fixture.clock))
        .isInstanceOf(LogStorageException.class)
        .hasMessageContaining("disk-a");
  }

  @Test
  void recreatedTopic_beginsEmpty() {
    LogFixture fixture = new LogFixture();
    fixture.append("old");
    TopicPartitionId next = new TopicPartitionId(new Uuid(8, 9), LogFixture.ID.topic(), 3);

    PartitionLog log = fixture.manager.getOrCreate(next, LogConfig.DEFAULT);
    log.appendAsLeader(Batches.of(1, "new"), 0);
    fixture.run();

    assertThat(fixture.log.isOffline()).isTrue();
    assertThat(log.logEndOffset()).isEqualTo(1);
    assertThat(log.durableEndOffset()).isEqualTo(1);
    assertThat(fixture.manager.logs()).containsExactly(log);
  }

  @Test
  void flushThatBreaksUnexpectedly_takesTheDirectoryOffline() {
    LogFixture fixture = new LogFixture();
    fixture.disk.breakForces(true);

    fixture.log.appendAsLeader(Batches.of(1, "a"), LogFixture.EPOCH);
    assertThatThrownBy(fixture::run).isInstanceOf(AssertionError.class);
    fixture.run();

    assertThat(fixture.log.isOffline()).isTrue();
    assertThat(fixture.log.durableEndOffset()).isZero();
  }

  @Test
  void listenerThatBreaks_keepsNoOtherLogFromItsFlush_norTheNextFlush() {
    LogFixture fixture = new LogFixture();
    PartitionLog other =
        fixture.manager.getOrCreate(
            new TopicPartitionId(new Uuid(1, 3), "bills", 0), fixture.config);
    fixture.run();
    fixture.log.onDurable(
        end -> {
          throw new AssertionError("the listener's own");
        });

    fixture.log.appendAsLeader(Batches.of(1, "a"), LogFixture.EPOCH);
    other.appendAsLeader(Batches.of(1, "b"), LogFixture.EPOCH);
    assertThatThrownBy(fixture::run).hasMessage("the listener's own");
    fixture.run();

    assertThat(other.durableEndOffset()).isEqualTo(1);
    other.appendAsLeader(Batches.of(1, "c"), LogFixture.EPOCH);
    fixture.run();
    assertThat(other.durableEndOffset()).isEqualTo(2);
  }

  @Test
  void flushLoopThatIsFull_doesNotEndCheckpoints() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.flushLoop.full(true);
    fixture.clock.advanceMillis(10_000);
    assertThatThrownBy(fixture::run).isInstanceOf(RejectedExecutionException.class);
    fixture.flushLoop.full(false);

    fixture.append("b");
    fixture.clock.advanceMillis(10_000);
    fixture.run();
    fixture.disk.delete(LogFixture.ID.directoryName() + "/partition.metadata");

    assertThatThrownBy(fixture::killAndReopen).hasMessageContaining("partition.metadata");
  }

  @Test
  void endOfAFlush_reachesAnAppendLoopThatWasFull() {
    LogFixture fixture = new LogFixture();
    fixture.log.appendAsLeader(Batches.of(1, "a"), LogFixture.EPOCH);
    ManualLoop.runAll(fixture.appendLoop);

    fixture.appendLoop.full(true);
    ManualLoop.runAll(fixture.flushLoop);
    fixture.appendLoop.full(false);
    fixture.clock.advanceMillis(10);
    fixture.run();

    assertThat(fixture.log.durableEndOffset()).isEqualTo(1);
    fixture.append("b");
    assertThat(fixture.log.durableEndOffset()).isEqualTo(2);
  }

  @Test
  void appendIntoAFullLoop_isWrittenAllTheSame() {
    LogFixture fixture = new LogFixture();

    fixture.appendLoop.full(true);
    fixture.log.appendAsLeader(Batches.of(1, "a"), LogFixture.EPOCH);
    fixture.appendLoop.full(false);
    fixture.run();

    assertThat(fixture.log.durableEndOffset()).isEqualTo(1);
  }

  @Test
  void recreatedTopic_getsNothingOfAFlushOfTheOldOne() throws IOException {
    LogFixture fixture = new LogFixture("segment.bytes", "1024");
    for (int i = 0; i < 30; i++) {
      fixture.log.appendAsLeader(Batches.of(1, "x".repeat(200)), LogFixture.EPOCH);
    }
    ManualLoop.runAll(fixture.appendLoop);

    TopicPartitionId next = new TopicPartitionId(new Uuid(8, 9), LogFixture.ID.topic(), 3);
    fixture.manager.getOrCreate(next, LogConfig.DEFAULT);
    fixture.run();

    assertThat(fixture.disk.list("orders-3"))
        .noneMatch(name -> name.endsWith(".snapshot") || name.startsWith("leader-epoch"));
  }

  @Test
  void deletedLog_isGoneAfterARestart() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");

    assertThat(fixture.manager.delete(LogFixture.ID)).isNotDone();
    fixture.run();
    assertThat(fixture.manager.log("orders", 3)).isNull();
    fixture.disk.crash();
    fixture.reopen();

    assertThat(fixture.log.logEndOffset()).isZero();
    fixture.clock.advanceMillis(70_000);
    fixture.run();
    assertThat(fixture.disk.list("")).noneMatch(name -> name.contains("delete"));
  }

  @Test
  void topicNames_neverLeaveTheDirectory() {
    for (String bad : List.of("", ".", "..", "a/b", "../x", "a b", "x".repeat(250), "a\0")) {
      assertThatThrownBy(() -> new TopicPartitionId(new Uuid(1, 1), bad, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void lastFlushFails_endsTheShutdownUnclean() {
    // given
    LogFixture fixture = new LogFixture();
    fixture.append("kept");
    fixture.log.appendAsLeader(Batches.of(1, "not kept"), LogFixture.EPOCH);
    fixture.disk.failForces(true);

    // when
    CompletableFuture<Void> closed = fixture.manager.shutdown();
    fixture.run();

    // then: nobody waits for a flush that never comes
    assertThat(closed).isCompleted();
    fixture.disk.failForces(false);
    fixture.crashAndReopen();
    assertThat(fixture.values()).containsExactly("kept");
  }
}
