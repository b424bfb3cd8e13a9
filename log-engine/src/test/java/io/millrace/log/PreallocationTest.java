package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.storage.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The zeros behind the batches of an active segment, which make its flushes cheap. */
final class PreallocationTest {

  private static final String FIRST_SEGMENT = "orders-3/00000000000000000000.log";

  private static long fileSize(LogFixture fixture) throws IOException {
    try (LogFile file = fixture.disk.open(FIRST_SEGMENT, false)) {
      return file.size();
    }
  }

  @Test
  void smallAppends_findRoomBehindThem_thatIsNoPartOfTheLog() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    long one = fixture.log.sizeInBytes();
    fixture.append("b");

    assertThat(fixture.log.sizeInBytes()).isEqualTo(2 * one);
    assertThat(fileSize(fixture)).isEqualTo(2 * one); // the second went into the first one's room
    fixture.append("c");
    assertThat(fileSize(fixture)).isEqualTo(6 * one); // doubled
    assertThat(fixture.values()).containsExactly("a", "b", "c");
  }

  @Test
  void largeAppend_makesNoRoom() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("x".repeat(70_000));

    assertThat(fileSize(fixture)).isEqualTo(fixture.log.sizeInBytes());
  }

  @Test
  void room_isCutOffByRecoveryAndByACleanStop() throws IOException {
    LogFixture fixture = new LogFixture();
    for (int i = 0; i < 5; i++) {
      fixture.append("v" + i);
    }
    assertThat(fileSize(fixture)).isGreaterThan(fixture.log.sizeInBytes());

    fixture.killAndReopen();
    assertThat(fileSize(fixture)).isEqualTo(fixture.log.sizeInBytes());
    fixture.append("after");
    assertThat(fileSize(fixture)).isGreaterThan(fixture.log.sizeInBytes());

    fixture.stopAndReopen();
    assertThat(fileSize(fixture)).isEqualTo(fixture.log.sizeInBytes());
    assertThat(fixture.values()).containsExactly("v0", "v1", "v2", "v3", "v4", "after");
  }

  @Test
  void sealedSegmentWhoseCutWasLost_isReadUpToItsLastBatch() throws IOException {
    LogFixture fixture = new LogFixture("segment.bytes", "300");
    fixture.append("v0");
    fixture.append("v1");
    fixture.append("v2");
    assertThat(fileSize(fixture)).isGreaterThan(fixture.log.sizeInBytes());
    fixture.clock.advanceMillis(10_000); // the checkpoint says that all of it is flushed
    fixture.run();
    fixture.append("v3");
    fixture.append("v4");
    assertThat(fileSize(fixture)).isLessThan(300);

    // Power is lost before the cut and the index files reach the disk.
    try (LogFile file = fixture.disk.open(FIRST_SEGMENT, false)) {
      file.write(ByteBuffer.allocate(200), file.size());
    }
    for (String suffix : List.of(".index", ".timeindex")) {
      fixture.disk.delete(FIRST_SEGMENT.replace(".log", suffix));
    }
    fixture.killAndReopen();

    assertThat(fixture.values()).containsExactly("v0", "v1", "v2", "v3", "v4");
    assertThat(fixture.log.offsetForTimestamp(0)).isNotNull();
  }

  @Test
  void fullDisk_costsTheRoomFirst_andTheLogOnlyWhenItsOwnBytesDoNotFit() throws IOException {
    LogFixture fixture = new LogFixture();
    fixture.append("a");
    fixture.append("b");
    long size = fixture.log.sizeInBytes();
    fixture.disk.limitBytes(fixture.disk.usedBytes() + size); // room for "c" and "d", not for more

    fixture.append("c");
    fixture.append("d");
    assertThat(fixture.log.isOffline()).isFalse();
    assertThat(fixture.values()).containsExactly("a", "b", "c", "d");

    fixture.append("e");
    assertThat(fixture.log.isOffline()).isTrue();
  }
}
