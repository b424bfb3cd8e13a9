package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What others keep in a log directory, under names that partitions might have. */
final class SharedDirectoryTest {

  private static final String SEGMENT = "00000000000000000000.log";
  private static final TopicPartitionId PHOTOS = new TopicPartitionId(new Uuid(7, 7), "photos", 0);

  private final LogFixture fixture = new LogFixture();

  @Test
  void whatIsNoLog_isNotReplacedByOne_andTheDirectoryGoesOn() throws IOException {
    TopicPartitionId file = new TopicPartitionId(new Uuid(7, 8), "file", 1);
    fixture.disk.createDirectory("photos-0");
    fixture.disk.open("photos-0/holiday.jpg", true).close();
    fixture.disk.open("file-1", true).close();

    for (TopicPartitionId taken : List.of(PHOTOS, file)) {
      assertThatThrownBy(() -> fixture.manager.getOrCreate(taken, fixture.config, true))
          .isInstanceOf(LogStorageException.class)
          .hasMessageContaining("disk-a/" + taken.directoryName())
          .hasMessageContaining("move it away");
    }
    fixture.append("a");

    assertThat(fixture.disk.exists("photos-0/holiday.jpg")).isTrue();
    assertThat(fixture.disk.exists("file-1")).isTrue();
    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void directoryOfSomebodyElse_isLeftAlone_whateverItsName() throws IOException {
    fixture.disk.createDirectory("node-1");
    fixture.disk.open("node-1/meta.properties", true).close();
    fixture.disk.createDirectory("node-1/orders-0");
    fixture.disk.open("node-1/orders-0/" + SEGMENT, true).close();
    fixture.disk.createDirectory("nightly-2026");
    fixture.disk.open("nightly-2026/orders.csv", true).close();
    fixture.disk.createDirectory("pending-delete");
    fixture.disk.createDirectory("photos-0");
    fixture.disk.createDirectory("old-0");
    fixture.disk.open("old-0/" + SEGMENT, true).close();

    fixture.killAndReopen();

    assertThat(fixture.disk.list(""))
        .contains("node-1", "nightly-2026", "pending-delete", "photos-0", "old-0");
    assertThat(fixture.disk.list("node-1")).containsExactly("meta.properties", "orders-0");
    assertThat(fixture.disk.list("old-0")).containsExactly(SEGMENT);
    assertThat(fixture.log.isOffline()).isFalse();
  }

  @Test
  void logThatWasNeverDurable_isRemoved() throws IOException {
    fixture.disk.createDirectory("returns-0");
    fixture.disk.open("returns-0/" + PartitionMetadata.FILE, true).close();
    fixture.disk.open("returns-0/" + SEGMENT, true).close();

    fixture.killAndReopen();

    assertThat(fixture.disk.list("")).doesNotContain("returns-0");
  }

  @Test
  void emptyDirectory_isGoodEnoughForALog() throws IOException {
    fixture.disk.createDirectory("photos-0");

    fixture.log = fixture.manager.getOrCreate(PHOTOS, fixture.config, true);
    fixture.append("a");

    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void emptyDirectoryThatNobodyMayWriteTo_keepsItsOwnReplicaOfflineAndNoOther() throws IOException {
    fixture.disk.createDirectory("photos-0");
    fixture.disk.denyWrites("photos-0");

    assertThatThrownBy(() -> fixture.manager.getOrCreate(PHOTOS, fixture.config, true))
        .isInstanceOf(LogStorageException.class)
        .hasMessageContaining("disk-a/photos-0");
    fixture.run();
    fixture.append("a");

    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void segmentsWithoutAMark_areKeptWhenALogTakesTheirName() throws IOException {
    for (int i = 0; i < 2; i++) {
      fixture.disk.createDirectory("photos-0");
      fixture.disk.open("photos-0/" + SEGMENT, true).close();

      fixture.manager.getOrCreate(PHOTOS, fixture.config, true);
      fixture.disk.delete("photos-0");
      fixture.killAndReopen();
    }

    assertThat(fixture.disk.list("")).filteredOn(name -> name.endsWith("-stray")).hasSize(2);
  }

  @Test
  void directoryThatNobodyMayLookInto_keepsItsOwnReplicaOfflineAndNoOther() throws IOException {
    fixture.disk.createDirectory("photos-0");
    fixture.disk.deny("photos-0");

    fixture.killAndReopen();

    assertThatThrownBy(() -> fixture.manager.getOrCreate(PHOTOS, fixture.config, true))
        .isInstanceOf(LogStorageException.class)
        .hasMessageContaining("disk-a/photos-0");
    fixture.append("a");
    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void logThatNobodyMayLookInto_isNotMadeAnew_andIsThereAgainOnceOneMay() throws IOException {
    fixture.append("a");
    fixture.clock.advanceMillis(10_000); // a checkpoint calls it flushed
    fixture.run();
    fixture.disk.deny(LogFixture.ID.directoryName());

    assertThatThrownBy(fixture::killAndReopen)
        .isInstanceOf(LogStorageException.class)
        .hasMessageContaining("cannot be recovered");
    fixture.disk.deny(null);
    fixture.killAndReopen();

    assertThat(fixture.values()).containsExactly("a");
  }

  @Test
  void logThatCouldNotBeReadAtStart_isNotMadeAnewWhileTheNodeRuns() throws IOException {
    fixture.append("a"); // no checkpoint knows of it yet
    fixture.disk.deny(LogFixture.ID.directoryName());
    assertThatThrownBy(fixture::killAndReopen).isInstanceOf(LogStorageException.class);

    fixture.disk.deny(null);
    for (boolean isNew : new boolean[] {false, true}) {
      assertThatThrownBy(() -> fixture.manager.getOrCreate(LogFixture.ID, fixture.config, isNew))
          .isInstanceOf(LogStorageException.class)
          .hasMessageContaining("start");
    }
    fixture.killAndReopen();

    assertThat(fixture.values()).containsExactly("a");
  }
}
